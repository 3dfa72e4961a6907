import type { ControlClient } from "../admin/client.ts";
import type { Style, TerminalIo } from "../terminal/io.ts";
import type { Said } from "./hosts/said.ts";

/** A command of `vmpowerctl`. Help, parsing and completion come from this. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly options?: readonly Option[];
  /** Arguments after `vmpowerctl`, with what they do. */
  readonly examples: readonly (readonly [string, string])[];
  /** Resolves with the exit status: one of `EXIT`, or that of a command that it ran. */
  readonly run: (context: Context, given: Given) => Promise<number>;
  /**
   * How the replies of several hosts are shown, which are asked for JSON then; undefined if their texts are merged.
   */
  readonly ofHosts?: (given: Given, hosts: number) => OfHosts | undefined;
  /** Whether it prints lines until it is stopped. */
  readonly isEndless?: (given: Given) => boolean;
}

/** Makes one text of what hosts said, and the exit status if it is not that of the worst host. */
type OfHosts = (
  said: readonly Said[],
  look: { readonly width: number; readonly style: Style; readonly nowMs: number },
) => { readonly text: string; readonly code?: number };

/** An argument of a verb. */
export interface Argument {
  readonly name: string;
  readonly required: boolean;
  /** Whether the last argument may be given several times. */
  readonly repeats?: boolean;
  readonly doc: string;
  /** What can be completed: names that the daemon knows, or fixed words. For "text" nothing can. */
  readonly kind: "vm" | "channels" | "cpu" | "cpus" | "text" | readonly string[];
}

/** A flag of a verb, with or without a value. */
export interface Option {
  readonly flag: string;
  readonly doc: string;
  /** Its value, if it has one. */
  readonly value?: Pick<Argument, "name" | "kind">;
}

/** The parsed command line: arguments by position, flags without a value, and the values of the others. */
export interface Given {
  readonly arguments: readonly (string | undefined)[];
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

/** What a verb needs. */
export interface Context {
  readonly io: TerminalIo;
  readonly style: Style;
  readonly json: boolean;
  /** Calls the daemon. Connects at the first call, so that usage errors need no daemon. */
  readonly call: ControlClient["call"];
  readonly subscribe: ControlClient["subscribe"];
  readonly record: ControlClient["record"];
  readonly hold: ControlClient["hold"];
  /** Closes the connection; the next call makes a new one. For commands that may outlive the daemon. */
  readonly hangUp: () => Promise<void>;
  /** The control socket's path. */
  readonly socket: string;
  /** How long to wait for the daemon, in ms. */
  readonly timeoutMs: number;
  /** Shows a reply: as JSON with `--json`, otherwise with the given words. */
  readonly show: (reply: object, words: () => string) => void;
  readonly now: () => number;
}
