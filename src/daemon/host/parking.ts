import type { ParkingMove, ParkingRule } from "../../arbiter/parking-view.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Config } from "../../config/config.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { Parts } from "../parts.ts";

/** What the configuration says about CPUs on which no VM may run; undefined if they stay as they are. */
export function parkingRule({ cpufreq }: Pick<Config, "cpufreq">): ParkingRule | undefined {
  const { parked, parkAfterSec } = cpufreq;
  return parked === "keep" ? undefined : { afterMs: parkAfterSec * 1000, to: parked };
}

/** CPUs were parked or are back: their governors follow at once, and it is told. */
export function parkingMoved(
  { parked, back }: ParkingMove,
  { events, knobs }: Pick<Parts, "events" | "knobs">,
  log: LimitedLog,
): void {
  knobs.look([...parked, ...back]);
  const told = [
    ...(parked.length === 0 ? [] : [`CPUs ${cpuList(parked)} are parked: no VM may run there`]),
    ...(back.length === 0 ? [] : [`CPUs ${cpuList(back)} are back from parking`]),
  ].join("; ");
  // Who may start VMs can do so again and again.
  log("parking", "info", () => ({ message: told }));
  events.publish("cpu", told);
}

function cpuList(pcpus: readonly number[]): string {
  return formatCpuList([...pcpus].sort((a, b) => a - b));
}
