import type { ControlClient } from "../admin/client.ts";
import type { ExitCode } from "../terminal/exit-code.ts";
import type { Style, TerminalIo } from "../terminal/io.ts";

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
  /** What can be completed: names that the daemon knows, or fixed words; "text" is nothing of these. */
  readonly kind: "vm" | "channels" | "cpu" | "cpus" | "text" | readonly string[];
}

/** A flag of a verb, with a value or alone. */
export interface Option {
  readonly flag: string;
  readonly doc: string;
  /** What follows it, where something does. */
  readonly value?: Pick<Argument, "name" | "kind">;
}

/** What was on the command line: arguments by position, flags that were set, and the values that follow flags. */
export interface Given {
  readonly arguments: readonly (string | undefined)[];
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

/** What a verb works with. */
export interface Context {
  readonly io: TerminalIo;
  readonly style: Style;
  readonly json: boolean;
  /** Calls the daemon; connects when it is first used, so that wrong usage is told without a daemon. */
  readonly call: ControlClient["call"];
  readonly subscribe: ControlClient["subscribe"];
  readonly record: ControlClient["record"];
  /** Closes the connection; the next call makes another. For who lives longer than the daemon may. */
  readonly hangUp: () => Promise<void>;
  /** The control socket's path. */
  readonly socket: string;
  /** Shows a reply: as it is with `--json`, else in the words given. */
  readonly show: (reply: object, words: () => string) => void;
  readonly now: () => number;
}
