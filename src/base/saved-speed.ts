import type { Khz, Pcpu } from "./domain.ts";

/** A speed, and whether turbo is enabled. */
export interface SpeedWish {
  readonly khz: Khz;
  readonly turbo: boolean;
}

/** What a guest wants of one clock, in a form that is saved. */
export interface SavedSpeed extends SpeedWish {
  readonly clock: Pcpu;
  /** A slower one that waits for the contract's shortest dwell. */
  readonly due?: SpeedWish | undefined;
}
