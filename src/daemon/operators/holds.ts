import type { Hold } from "../../admin/control-types.ts";
import type { Parts } from "../parts.ts";
import { eachStep, type Job } from "./loop-slices.ts";

/** The orders that guests cannot change, one clock per step. */
export function* listHolds({ arbiter, cpufreq, time }: Parts): Job<{ holds: Hold[] }> {
  const holds = yield* eachStep(cpufreq.clocks(), ({ id, pcpus }): Hold[] => {
    const order = arbiter.clock(id)?.order;
    if (order?.hold !== true) return [];
    const { khz, asked, who, atMs, untilMs, reason } = order;
    const now = time();
    const wallUntilMs = untilMs === undefined ? undefined : Math.round(untilMs - now.monoMs + now.wallMs);
    return [{ pcpus, khz, asked, who, atMs, untilMs: wallUntilMs, reason }];
  });
  return { holds: holds.flat() };
}
