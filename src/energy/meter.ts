/**
 * What a meter measures. A machine contains its packages and their memory; a package contains its parts, but not its
 * memory.
 */
export type MeterScope = "machine" | "package" | "memory" | "part" | "other";

/** One meter of the host: a file with a number. */
export interface Meter {
  /** Its name for an operator, like `package-0` or `power_meter/power1`. It does not depend on the kernel's numbering. */
  readonly id: string;
  /** What it measures: two meters of the same thing have the same text. */
  readonly measures: string;
  readonly scope: MeterScope;
  /** A counter of microjoules, or a power in microwatts. */
  readonly quantity: "energy" | "power";
  readonly file: string;
  /** A counter begins anew after this many microjoules; undefined if unknown. */
  readonly rangeUj: number | undefined;
}

/** The most power that each scope can have, in watts. What implies more was not read whole. */
export const WATTS_MAX: Readonly<Record<MeterScope, number>> = {
  machine: 20_000,
  package: 2_000,
  memory: 2_000,
  part: 2_000,
  other: 20_000,
};
