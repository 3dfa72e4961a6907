import type { Khz } from "./domain.ts";

/** The energy preferences (EPP) that a rule can ask for, in the kernel's words, the fastest first. */
export const EPP_WORDS = ["performance", "balance_performance", "balance_power", "power"] as const;

/** One of {@link EPP_WORDS}. */
type Epp = (typeof EPP_WORDS)[number];

/** Bounds of the frequency of an uncore: what the CPUs of a package share beside their clocks. */
export interface UncoreBounds {
  readonly minKhz?: Khz | undefined;
  readonly maxKhz?: Khz | undefined;
}

/** What is set on CPUs beside their speed. What is absent stays as the host has it. */
export interface Knobs {
  readonly epp?: Epp | undefined;
  /** The longest time in µs that a CPU may take to wake; 0: it never sleeps. */
  readonly resumeLatencyUs?: number | undefined;
  /** Governors for the time without a wanted speed; the first that the kernel offers counts. */
  readonly governors?: readonly string[] | undefined;
  readonly uncore?: UncoreBounds | undefined;
}

/** Everything stays as the host has it. */
export const NO_KNOBS: Knobs = {};

/** Whether two sets ask for the same. */
export function sameKnobs(a: Knobs, b: Knobs): boolean {
  return (
    a === b ||
    (a.epp === b.epp &&
      a.resumeLatencyUs === b.resumeLatencyUs &&
      (a.governors ?? []).join() === (b.governors ?? []).join() &&
      a.uncore?.minKhz === b.uncore?.minKhz &&
      a.uncore?.maxKhz === b.uncore?.maxKhz)
  );
}
