import type { Now } from "../../base/now.ts";
import type { Notify } from "../../systemd/notify.ts";
import type { Footprint } from "../footprint.ts";
import type { SoleUse } from "../lifecycle/sole-use.ts";
import type { Parts } from "../parts.ts";

/** All periodic work is done at one wake-up, this often in ms, or more often if the service manager needs it. */
const INTERVAL_MS = 14_000;

/** One beat of so many looks for everything; the others only for what concerns speeds. */
const THOROUGH_ONE_IN = 2;

/** What hears each beat besides the parts. */
interface Besides {
  readonly notify: Notify;
  readonly sole: SoleUse;
  readonly footprint: Footprint;
}

/**
 * Finds changes that made no event: changed files, lost sockets, refused writes. Reports to the service manager that the daemon
 * is alive, and gives memory back.
 */
export function startHeartbeat(parts: Parts, { notify, sole, footprint }: Besides): void {
  const { alarm, cpufreq, clocks, channels, fifos, knobs, meters, samples, traffic, usage, vms } = parts;
  const isKnown = (vm: string) => vms.domains.has(vm) || channels.of(vm).length > 0;
  const intervalMs = Math.min(INTERVAL_MS, notify.watchdogMs ?? INTERVAL_MS);
  const lookAtAll = () => {
    sole.renew();
    channels.refresh();
    knobs.beat();
    meters.beat(isKnown);
    // Samples still tell of a VM that ended, and then forget it.
    if (samples === undefined) usage.vms.forget(isKnown);
  };
  let beats = 0;
  const beat = ({ monoMs }: Now) => {
    alarm.after("heartbeat", intervalMs, beat);
    notify.alive();
    cpufreq.refresh();
    clocks.tick();
    traffic.consider();
    clocks.retry();
    fifos.refresh();
    if (beats++ % THOROUGH_ONE_IN === 0) lookAtAll();
    footprint.beat(monoMs);
  };
  alarm.after("heartbeat", intervalMs, beat);
  // Schedules may be in force from the start.
  clocks.turn();
}
