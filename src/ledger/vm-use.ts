import type { Pcpu } from "../base/domain.ts";
import type { ClockUse, KnownSpeed } from "./speed-use.ts";
import { NO_USE, plus, type Use, UseSum, useAt } from "./use.ts";

/** From this part of its time on, a vCPU is taken for one that polls. */
const POLLING = 0.97;

/**
 * What would have been used more at another speed. How much longer the same work takes at a lower speed is not known:
 * `slack` is the distance from the middle to both ends, that of work that waits for memory, and that of other work.
 */
export interface Difference {
  readonly more: Use;
  readonly slack: Use;
}

/** What one VM used in an interval, and what else it would have used at its baseline and at the highest speed. */
export interface VmUse {
  readonly use: Use;
  readonly baseline: Difference;
  readonly max: Difference;
  /** Joules that the hardware's own monitors told; undefined if there are none. They decide no share. */
  readonly coreJoules?: number | undefined;
}

/** One vCPU in an interval. */
export interface VcpuTime {
  /** The CPUs that it may run on. */
  readonly pcpus: readonly Pcpu[];
  /** The part of the interval in which it ran, from 0 to 1. */
  readonly busy: number;
}

/** What a host's CPUs did in an interval. */
export interface CpuUse {
  readonly seconds: number;
  /** By CPU; CPUs that share a clock have the same. */
  readonly byCpu: ReadonlyMap<Pcpu, ClockUse>;
  /** The mean of all CPUs, for tasks of which is not known where they ran. */
  readonly mean: Use;
}

/** No difference at all. */
export const NO_DIFFERENCE: Difference = { more: NO_USE, slack: NO_USE };

/** Returns both differences together. */
export function plusDifference(a: Difference, b: Difference): Difference {
  return { more: plus(a.more, b.more), slack: plus(a.slack, b.slack) };
}

/** Joins what the clocks of a host did. */
export function cpuUse(
  clocks: Iterable<{ readonly pcpus: readonly Pcpu[]; readonly use: ClockUse }>,
  seconds: number,
): CpuUse {
  const byCpu = new Map<Pcpu, ClockUse>();
  for (const { pcpus, use } of clocks) for (const pcpu of pcpus) byCpu.set(pcpu, use);
  const mean = new UseSum();
  for (const { use } of byCpu.values()) mean.add(use, 1 / byCpu.size);
  // Without any clock each CPU counts as one of 1 GHz, so that CPU time alone decides.
  return { seconds, byCpu, mean: byCpu.size === 0 ? useAt(1_000_000, seconds, false) : mean };
}

/** A vCPU that may run on more CPUs is taken to run on all of the host: its guest can set none of their speeds. */
const CPUS_MAX = 16;

/** What the vCPUs of a VM used. One that may run on several CPUs is taken to run on each for the same time. */
export function vmUse(vcpus: readonly VcpuTime[], { byCpu, mean, seconds }: CpuUse): VmUse {
  const use = new UseSum();
  const baseline = { more: new UseSum(), slack: new UseSum() };
  const max = { more: new UseSum(), slack: new UseSum() };
  for (const { pcpus, busy } of vcpus) {
    const found = pcpus.length > CPUS_MAX ? [] : pcpus.flatMap((pcpu) => byCpu.get(pcpu) ?? []);
    // It has no speed of its own, so none was saved.
    if (found.length === 0) use.add(mean, busy);
    const time = { busy, seconds: seconds / found.length };
    for (const clock of found) {
      const own = plus(NO_USE, clock.use, busy / found.length);
      use.add(own);
      addDifference(baseline, clock.baseline, own, time);
      addDifference(max, clock.max, own, time);
    }
  }
  return { use, baseline, max };
}

/**
 * Adds what the same work would use more at another speed. A vCPU that polls is busy all the time at any speed. Other work
 * takes between the same time (it waits for memory) and the same number of cycles.
 */
function addDifference(
  { more, slack }: Readonly<Record<keyof Difference, UseSum>>,
  { khz, isTurbo }: KnownSpeed,
  own: Use,
  { busy, seconds }: { readonly busy: number; readonly seconds: number },
): void {
  const sameTime = busy * seconds;
  const sameCycles = busy >= POLLING ? sameTime : own.ghzS / (khz / 1e6);
  more.add(useAt(khz, (sameTime + sameCycles) / 2, isTurbo));
  more.add(own, -1);
  slack.add(useAt(khz, (sameTime - sameCycles) / 2, isTurbo));
}
