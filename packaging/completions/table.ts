import { createProgram } from "../../src/ctl/program.ts";
import type { Argument } from "../../src/ctl/verb.ts";
import { VERBS } from "../../src/ctl/verbs/verbs.ts";

/** What can stand at one place of a command line: names that the daemon knows, a file, anything, or these words. */
export type Kind = Argument["kind"] | "file";

/** An option, as it is typed. */
export interface CompletedOption {
  readonly flags: readonly string[];
  /** What follows it, where something does. */
  readonly value: Kind | undefined;
  readonly doc: string;
}

/** A command and what follows it. */
interface CompletedVerb {
  readonly name: string;
  readonly doc: string;
  readonly arguments: readonly Kind[];
  readonly options: readonly CompletedOption[];
}

/** All that can be completed. */
export interface CommandTable {
  readonly options: readonly CompletedOption[];
  readonly verbs: readonly CompletedVerb[];
}

/** What `vmpowerctl` understands, from its table of commands and from the parser that is made of it. */
export function commandTable(): CommandTable {
  const program = createProgram(VERBS, IDLE, async () => {});
  return {
    options: [
      { flags: ["-h", "--help"], value: undefined, doc: "show help" },
      ...program.options.map(({ short, long, required, description }) => ({
        flags: [short, long].filter((flag) => typeof flag === "string"),
        value: required ? kindOf(long) : undefined,
        doc: description,
      })),
    ],
    verbs: [
      ...VERBS.map(({ name, summary, arguments: args, options = [] }) => ({
        name,
        doc: summary,
        arguments: args.map(({ kind }) => kind),
        options: options.map(({ flag, doc, value }) => ({ flags: [flag], value: value?.kind, doc })),
      })),
      {
        name: "help",
        doc: "Show help of a command",
        arguments: [VERBS.map(({ name }) => name)],
        options: [],
      },
    ],
  };
}

/** The options that take a value, of the program and of its verbs. */
export function optionsWithValue({ options, verbs }: CommandTable): CompletedOption[] {
  return [...options, ...verbs.flatMap((verb) => verb.options)].filter(({ value }) => value !== undefined);
}

function kindOf(flag: string | null | undefined): Kind {
  return flag === "--socket" ? "file" : "text";
}

const IDLE = {
  stdout: { write: () => true },
  stderr: { write: () => true },
  isTty: false,
  columns: 80,
  env: {},
  version: "",
  readLines: () => ({ next: async () => undefined, close: () => {} }),
};
