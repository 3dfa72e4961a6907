import type { ControlClient } from "../admin/client.ts";
import type { ExitCode } from "./exit-code.ts";
import type { CtlIo, Style } from "./io.ts";

/** A command of `vmpowerctl`. Help, parsing and completion come from this. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly options?: readonly Option[];
  /** What follows `vmpowerctl`, with what it does. */
  readonly examples: readonly (readonly [string, string])[];
  readonly run: (context: Context, given: Given) => Promise<ExitCode>;
}

/** An argument of a verb. */
export interface Argument {
  readonly name: string;
  readonly required: boolean;
  readonly doc: string;
  /** What can be completed: names that the daemon knows, or fixed words. */
  readonly kind: "vm" | "channels" | "cpu" | "cpus" | readonly string[];
}

/** A flag of a verb. */
export interface Option {
  readonly flag: string;
  readonly doc: string;
}

/** What was on the command line: arguments by position, and flags that were set. */
export interface Given {
  readonly arguments: readonly (string | undefined)[];
  readonly flags: ReadonlySet<string>;
}

/** What a verb works with. */
export interface Context {
  readonly io: CtlIo;
  readonly style: Style;
  readonly json: boolean;
  /** Calls the daemon; connects when it is first used, so that wrong usage is told without a daemon. */
  readonly call: ControlClient["call"];
  readonly subscribe: ControlClient["subscribe"];
  /** Shows a reply: as it is with `--json`, else in the words given. */
  readonly show: (reply: object, words: () => string) => void;
  readonly now: () => number;
}
