/** A line that holds a promise, and the test that must fail without it. */
export interface Fault {
  /** The promise in a few words, as SECURITY.md has it. */
  readonly promise: string;
  readonly file: string;
  /** What stands in the file exactly once. */
  readonly line: string;
  /** What the fault puts in its place. */
  readonly instead: string;
  /** The test's file and name. */
  readonly test: string;
  readonly name: string;
  /** Whether the test runs the compiled executable. */
  readonly builds?: boolean;
}

/** Every promise of SECURITY.md that a test of this folder holds. */
export const FAULTS: readonly Fault[] = [
  {
    promise: "a request that the kernel refuses leaves no trace",
    file: "src/arbiter/change.ts",
    line: "if (put !== undefined) wants.takeBack(put);",
    instead: "",
    test: "test/arbiter/laws.test.ts",
    name: "a request that the kernel refuses leaves no trace but that it was refused",
  },
  {
    promise: "lines that a stranger can cause are few",
    file: "src/daemon/limited-log.ts",
    line: "if (allowed === undefined) return;",
    instead: "if (allowed === undefined) return log[level](line().message);",
    test: "test/daemon/limited-log.test.ts",
    name: "limitedLog() lets a few lines a minute through about each",
  },
];
