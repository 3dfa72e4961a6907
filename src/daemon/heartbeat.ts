import type { Notify } from "../systemd/notify.ts";
import type { Parts } from "./control.ts";
import type { SoleUse } from "./sole-use.ts";

/** All that is done now and then is done on one wake-up: so often, unless the service manager wants it more often. */
const INTERVAL_MS = 7000;

/** Looks for what made no event: changed files, lost sockets, refused writes. And tells the manager that we turn. */
export function startHeartbeat(parts: Parts, notify: Notify, sole: SoleUse): { close(): void } {
  const beat = () => {
    notify.alive();
    sole.renew();
    parts.cpufreq.refresh();
    parts.clocks.retry();
    parts.channels.scan();
    parts.meters.beat((vm) => parts.vms.domains.has(vm) || parts.channels.of(vm).length > 0);
  };
  const timer = setInterval(beat, Math.min(INTERVAL_MS, notify.watchdogMs ?? INTERVAL_MS));
  return { close: () => clearInterval(timer) };
}
