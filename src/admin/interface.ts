import type { Caller } from "./caller.ts";
import type { Description } from "./idl.ts";

/** An interface that a server offers: its description, and what its methods do. */
export interface Interface {
  readonly description: Description;
  readonly methods: ReadonlyMap<string, Method>;
}

/** A method; its parameters were compared with the description. */
export type Method = SingleMethod | StreamMethod;

interface SingleMethod {
  readonly kind: "single";
  readonly mutates: boolean;
  call(parameters: object, caller: Caller): Outcome | Promise<Outcome>;
}

/** A method that answers until one end has enough; callers must say that they expect more than one reply. */
interface StreamMethod {
  readonly kind: "stream";
  readonly mutates: boolean;
  /** Begins the stream. The function it answers is called once, when the caller goes or the stream has ended. */
  open(parameters: object, caller: Caller, sink: Sink): (() => void) | Outcome;
}

/** What came of a call: a reply, or an error by its full name. */
export interface Outcome {
  readonly error?: string;
  readonly parameters: object;
}

/** Where the replies of a stream go. */
interface Sink {
  /** Sends a reply that is not the last; false when the caller is too slow, and the reply was dropped. */
  send(parameters: object): boolean;
  /** Sends the last reply, however much is waiting before it. */
  end(parameters: object): void;
}
