import type { Caller } from "./caller.ts";
import type { Description } from "./idl.ts";

/** An interface that a server offers: its description and its methods. */
export interface Interface {
  readonly description: Description;
  readonly methods: ReadonlyMap<string, Method>;
}

/** A method with one reply. Its parameters have been checked against the description. */
export type Method = SingleMethod | StreamMethod;

interface SingleMethod {
  readonly kind: "single";
  readonly mutates: boolean;
  call(parameters: object, caller: Caller): Outcome | Promise<Outcome>;
}

/** A method with many replies. The caller must say that it expects more than one. */
interface StreamMethod {
  readonly kind: "stream";
  readonly mutates: boolean;
  /** Starts the stream. The function that it returns is called once, when the caller leaves or the stream has ended. */
  open(parameters: object, caller: Caller, sink: Sink): (() => void) | Outcome;
}

/** The outcome of a call: a reply, or an error by its full name. */
export interface Outcome {
  readonly error?: string;
  readonly parameters: object;
}

/** The receiver of a stream's replies. */
interface Sink {
  /** Sends a reply that is not the last one. False if it was dropped because the caller is too slow. */
  send(parameters: object): boolean;
  /** Sends the last reply, even if others are waiting. */
  end(parameters: object): void;
}
