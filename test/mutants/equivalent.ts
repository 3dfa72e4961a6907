/** A mutant that no test can kill, because it behaves the same. */
export interface Equivalent {
  readonly file: string;
  /** The line of the source without its indentation. */
  readonly line: string;
  /** What changes, as `make mutants` prints it. */
  readonly change: string;
  /** Why nobody can tell the difference. */
  readonly why: string;
}

/** The list of them. One that is killed, or that is not in the sources any more, is an error. */
export const EQUIVALENT: readonly Equivalent[] = [];
