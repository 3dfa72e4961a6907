/** A line that holds a promise, and the test that must fail without it. */
export interface Fault {
  /** The promise in a few words, as SECURITY.md has it. */
  readonly promise: string;
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly line: string;
  /** The text that replaces it. */
  readonly instead: string;
  /** The test's file and name. */
  readonly test: string;
  readonly name: string;
  /** Whether the test runs the compiled executable. */
  readonly builds?: boolean;
}
