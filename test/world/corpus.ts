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
    seed: 4,
    days: 0.01,
    found: "a runtime directory that became read-only ended the daemon with an error that nobody caught",
  },
  { seed: 39, days: 0.03, found: "an operator's order was lost when its CPU went offline and came back" },
  {
    seed: 26,
    days: 0.03,
    found: "a refused order for an offline CPU ended the order that was stored for it",
  },
];
