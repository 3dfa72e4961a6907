import type { Calls, Event } from "../admin/control-types.ts";
import { isRecord } from "../base/is-record.ts";
import { MessageCutter } from "./message-cutter.ts";

/** The socket of those who may look and change nothing, where the daemon's configuration does not say otherwise. */
export const MONITOR_SOCKET = "/run/vm-power/monitor.sock";

/** The methods that the page calls. All of them are the monitor's: none changes anything. */
export type Look =
  | "GetStatus"
  | "ListCpus"
  | "GetLoad"
  | "GetEnergy"
  | "GetHistory"
  | "ListChannels"
  | "Explain"
  | "ExplainVcpu";

/** A reply of `Subscribe`. */
export interface EventReply {
  readonly event: Event;
  /** Events before this one that the page was too slow for. */
  readonly lost: number;
}

/** The daemon answered a call with an error. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

/** The connection ended. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  /** Cockpit's word for the reason; undefined if the other end closed it. */
  readonly problem: string | undefined;

  constructor(problem: string | undefined) {
    super("The connection to vm-power ended");
    this.problem = problem;
  }
}

/** A call that waits for its reply. */
interface Waiting {
  take(parameters: object): void;
  fail(error: AnswerError | ConnectionError): void;
}

/** A connection to the monitor socket through Cockpit's bridge. Calls are answered in order. */
export class Connection {
  readonly #channel: CockpitChannel;
  readonly #cutter = new MessageCutter();
  readonly #waiting: Waiting[] = [];
  #ended: ConnectionError | undefined;

  constructor() {
    this.#channel = cockpit.channel({ payload: "stream", unix: MONITOR_SOCKET, binary: true });
    this.#channel.addEventListener("message", (_event, bytes) => this.#read(bytes));
    this.#channel.addEventListener("close", (_event, { problem }) => {
      this.#end(new ConnectionError(problem ?? undefined));
    });
  }

  /** Calls a method. */
  call<Name extends Look>(method: Name, parameters: Calls[Name]["takes"]): Promise<Calls[Name]["answers"]> {
    const { promise, resolve, reject } = Promise.withResolvers<Calls[Name]["answers"]>();
    // What the description of the interface promises is what the daemon's own checks hold.
    const take = (reply: object) => resolve(reply as Calls[Name]["answers"]);
    this.#send({ method: `io.vmpower.Monitor.${method}`, parameters }, { take, fail: reject });
    return promise;
  }

  /** Follows events until the connection ends; then the promise is rejected. */
  follow(onEvent: (reply: EventReply) => void): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    const waiting: Waiting = {
      take: (reply) => onEvent(reply as EventReply),
      fail: reject,
    };
    this.#send({ method: "io.vmpower.Monitor.Subscribe", parameters: {}, more: true }, waiting);
    return promise;
  }

  /** Ends the connection. */
  close(): void {
    this.#end(new ConnectionError(undefined));
    this.#channel.close();
  }

  #send(message: object, waiting: Waiting): void {
    if (this.#ended !== undefined) return waiting.fail(this.#ended);
    this.#waiting.push(waiting);
    this.#channel.send(new TextEncoder().encode(`${JSON.stringify(message)}\0`));
  }

  #read(bytes: Uint8Array): void {
    const messages = this.#cutter.add(bytes);
    if (messages === undefined) return this.close();
    for (const message of messages) this.#answer(message);
  }

  #answer(message: string): void {
    const reply = parsed(message);
    const [waiting] = this.#waiting;
    if (reply === undefined || waiting === undefined) return this.close();
    const { error, continues, parameters = {} } = reply;
    if (continues !== true) this.#waiting.shift();
    if (typeof error === "string") waiting.fail(new AnswerError(errorText(error, parameters)));
    else if (isRecord(parameters)) waiting.take(parameters);
    else this.close();
  }

  #end(error: ConnectionError): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }
}

function parsed(message: string): Record<string, unknown> | undefined {
  try {
    const reply: unknown = JSON.parse(message);
    return isRecord(reply) ? reply : undefined;
  } catch {
    return undefined;
  }
}

/** The daemon's own words where it has some, else the name of the error. */
function errorText(error: string, parameters: unknown): string {
  if (!isRecord(parameters) || typeof parameters["reason"] !== "string") return `vm-power answered ${error}`;
  const { reason, remedy } = parameters;
  return typeof remedy === "string" ? `${reason}: ${remedy}` : reason;
}
