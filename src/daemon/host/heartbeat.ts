import type { Notify } from "../../systemd/notify.ts";
import type { SoleUse } from "../lifecycle/sole-use.ts";
import type { Parts } from "../parts.ts";

/** All that is done now and then is done on one wake-up: so often, unless the service manager wants it more often. */
const INTERVAL_MS = 7000;

/** Looks for what made no event: changed files, lost sockets, refused writes. Tells the manager that the daemon is alive. */
export function startHeartbeat(parts: Parts, notify: Notify, sole: SoleUse): void {
  const { alarm, cpufreq, clocks, channels, meters, vms } = parts;
  const intervalMs = Math.min(INTERVAL_MS, notify.watchdogMs ?? INTERVAL_MS);
  const beat = () => {
    alarm.after("heartbeat", intervalMs, beat);
    notify.alive();
    sole.renew();
    cpufreq.refresh();
    clocks.retry();
    channels.scan();
    meters.beat((vm) => vms.domains.has(vm) || channels.of(vm).length > 0);
  };
  alarm.after("heartbeat", intervalMs, beat);
}
