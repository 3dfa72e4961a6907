/** A run that failed once, and must not fail again. */
export interface Kept {
  readonly seed: number;
  readonly days: number;
  /** The happenings that it needs, by their place in the schedule; all if it is missing. */
  readonly only?: readonly number[];
  /** What was wrong. */
  readonly found: string;
}

/** Seeds that found something. They are replayed by every `make test`. */
export const CORPUS: readonly Kept[] = [
  {
    seed: 8,
    days: 0.002,
    found: "a runtime directory that became read-only made the daemon end with an error that nobody caught",
  },
  {
    seed: 3,
    days: 0.0196,
    found: "an operator's order was lost when its CPU went offline and came back",
  },
  {
    seed: 37,
    days: 0.0197,
    found: "verify promised to write a limit again that the daemon leaves alone",
  },
];
