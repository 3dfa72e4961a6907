import type { StateTime, Times } from "../../admin/control-types.ts";
import type { Khz, Pcpu } from "../../base/domain.ts";
import { OWN_SETTINGS } from "../../ledger/clock-times.ts";
import type { Parts } from "../parts.ts";

/** How a VM's vCPUs ran, as the control interface shows it. */
export function vmTimes(vm: string, { usage, time }: Pick<Parts, "usage" | "time">): Times | undefined {
  const times = usage.vms.of(vm, time().monoMs);
  if (times === undefined) return undefined;
  const { sinceMs, states, transitions, requests } = times;
  const { bounded, held } = requests;
  return { sinceMs, states: stateTimes(states), transitions, bounded, held };
}

/** What the clock of a managed CPU did. */
export function clockTimes(
  pcpu: Pcpu,
  { arbiter, usage, time }: Pick<Parts, "arbiter" | "usage" | "time">,
): Times | undefined {
  const id = arbiter.setting(pcpu)?.clock.id;
  const times = id === undefined ? undefined : usage.clocks.of(id, time().monoMs);
  if (times === undefined) return undefined;
  const { sinceMs, states, seconds, transitions, bounded, held } = times;
  const known = states.map((khz, state): [Khz, number] => [khz, seconds[state] ?? 0]);
  return { sinceMs, states: stateTimes(known), transitions, bounded, held };
}

/** The states that there was time in, the highest speed first, and the original settings last. */
export function stateTimes(states: Iterable<readonly [Khz, number]>): StateTime[] {
  return [...states]
    .filter(([, seconds]) => seconds > 0)
    .sort(([a], [b]) => b - a)
    .map(([khz, seconds]) => (khz === OWN_SETTINGS ? { seconds } : { khz, seconds }));
}
