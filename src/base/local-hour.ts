/** The hour of the day in one time zone, with the time at which it ends. */
export interface LocalHour {
  /** 0 to 23. */
  readonly hour: number;
  /** When another hour begins, in ms on the wall clock. Daylight saving makes some hours longer or shorter. */
  readonly endsAtMs: number;
}
