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
export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: "src/wire/framer.ts",
    line: "if (left === 0) return this.#release();",
    change: "left === 0 → false",
    why: "Without bytes left nothing is returned anyway; releasing them early only saves memory",
  },
  {
    file: "src/wire/framer.ts",
    line: "if (left === 0) return this.#release();",
    change: "return this.#release(); → nothing",
    why: "Without bytes left nothing is returned anyway; releasing them early only saves memory",
  },
  {
    file: "src/wire/framer.ts",
    line: "#at = 0;",
    change: "0 → 1",
    why: "Nothing is read at this position: the first bytes set it",
  },
  {
    file: "src/arbiter/want.ts",
    line: "if (want === undefined) return undefined;",
    change: "want === undefined → false",
    why: "Removing what is not there changes nothing; the condition saves the work",
  },
  {
    file: "src/arbiter/want.ts",
    line: "if (want === undefined) return undefined;",
    change: "return undefined; → nothing",
    why: "Removing what is not there changes nothing; the condition saves the work",
  },
  {
    file: "src/arbiter/want.ts",
    line: "while (first < wants.length && wants[first] === undefined) first++;",
    change: "first < wants.length → first <= wants.length",
    why: "Behind the last want there is none, whether it is looked for once more or not",
  },
];
