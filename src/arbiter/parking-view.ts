import type { Pcpu } from "../base/domain.ts";

// Parking as it goes into the arbiter and comes out of it.

/** What becomes of a clock on which no domain may run. */
export interface ParkingRule {
  /** How long no domain must have used it before, in ms. */
  readonly afterMs: number;
  /** Its lowest speed, or the first of these governors that the kernel offers. */
  readonly to: "min" | { readonly governors: readonly string[] };
}

/** CPUs that a change parked, and CPUs that it brought back. */
export interface ParkingMove {
  readonly parked: readonly Pcpu[];
  readonly back: readonly Pcpu[];
}

/** The parking of one clock. */
export interface ParkedView {
  readonly to: ParkingRule["to"];
  /** On the wall clock. */
  readonly sinceMs: number;
}
