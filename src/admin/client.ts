import type { Socket, SocketHandler } from "bun";
import { ClientError, VarlinkError } from "./client-error.ts";
import { conform, formatPath } from "./conform.ts";
import { connectPatiently } from "./connect.ts";
import type { CallName, StreamName } from "./control.ts";
import { CONTROL } from "./control-interface.ts";
import type { Calls, CpuResult, Event, HoldOrder, Packet, VmChoice } from "./control-types.ts";
import { createFramer } from "./framer.ts";
import { encodeMessage, type Reply, readReply } from "./message.ts";
import { createOutbox, type Outbox } from "./outbox.ts";

/** The answer of a method. */
export type ReplyTo<Name extends CallName> = Calls[Name]["answers"] & { readonly schemaVersion: number };

/** One reply of `Subscribe`. */
export interface EventReply {
  readonly schemaVersion: number;
  readonly event: Event;
  /** Events that were lost since the previous reply, because we read too slowly. */
  readonly lost: number;
}

/** One reply of `Record`. */
interface PacketReply {
  readonly schemaVersion: number;
  readonly packet: Packet;
  readonly lost: number;
}

/** The reply of `HoldCpus`. */
interface HoldReply {
  readonly schemaVersion: number;
  readonly results: readonly CpuResult[];
}

/** A connection to the daemon. */
export interface ControlClient {
  call<Name extends CallName>(method: Name, parameters: Calls[Name]["takes"]): Promise<ReplyTo<Name>>;
  /**
   * Calls back with each event until the daemon ends or `signal` aborts. Resolves to true if the daemon announced its
   * end, and to false otherwise. Afterwards the connection cannot be used any more.
   */
  subscribe(
    onEvent: (reply: EventReply) => void,
    options?: { readonly signal?: AbortSignal },
  ): Promise<boolean>;
  /** Calls back with each packet of guests; otherwise the same. */
  record(
    parameters: VmChoice,
    onPacket: (reply: PacketReply) => void,
    options?: { readonly signal?: AbortSignal },
  ): Promise<boolean>;
  /** Holds CPUs until the connection ends or `signal` aborts; otherwise the same. A hold that failed ends at once. */
  hold(
    order: HoldOrder,
    onReply: (reply: HoldReply) => void,
    options?: { readonly signal?: AbortSignal },
  ): Promise<boolean>;
  close(): void;
}

/** Options of a client. */
export interface ClientOptions {
  /** For connecting, and for each call. */
  readonly timeoutMs: number;
}

/** The longest reply in bytes: 8192 CPUs with their tables fit. */
const REPLY_BYTES_MAX = 64 * 1024 * 1024;

interface Waiting {
  readonly onReply: (reply: Reply) => void;
  readonly onFailure: (error: Error) => void;
}

/** Connects to a daemon's control socket. A failure is a {@link ClientError}, a refusal a {@link VarlinkError}. */
export async function connectControl(path: string, { timeoutMs }: ClientOptions): Promise<ControlClient> {
  const calls = new PendingCalls(path);
  const handlers: SocketHandler<undefined> = {
    data: (_socket, chunk) => calls.received(chunk),
    drain: () => calls.drained(),
    close: () => calls.end(new ClientError("disconnected", "vm-power closed the connection")),
    error: () => {},
  };
  const socket = await withTimeout(connectPatiently(path, handlers, timeoutMs / 2), timeoutMs, () => {});
  calls.begin(socket);
  return {
    call(method, parameters) {
      const { promise, resolve, reject } = Promise.withResolvers<ReplyTo<typeof method>>();
      calls.send(
        { method, parameters, more: false },
        {
          onReply: (reply) =>
            settle(() => understood(method, reply) as ReplyTo<typeof method>, resolve, reject),
          onFailure: reject,
        },
      );
      return withTimeout(promise, timeoutMs, (error) => calls.end(error));
    },
    subscribe: (onEvent, { signal } = {}) =>
      stream({ method: "Subscribe", parameters: {} }, (reply) => onEvent(reply as EventReply), {
        calls,
        signal,
      }),
    record: (parameters, onPacket, { signal } = {}) =>
      stream({ method: "Record", parameters }, (reply) => onPacket(reply as PacketReply), { calls, signal }),
    hold: (order, onReply, { signal } = {}) =>
      stream({ method: "HoldCpus", parameters: order }, (reply) => onReply(reply as HoldReply), {
        calls,
        signal,
      }),
    close: () => calls.end(new ClientError("disconnected", "Closed")),
  };
}

interface Call {
  readonly method: string;
  readonly parameters: object;
  /** Whether the method returns many replies. */
  readonly more: boolean;
}

/** The calls of one connection that wait for replies. */
class PendingCalls {
  readonly #path: string;
  readonly #framer = createFramer(REPLY_BYTES_MAX);
  /** In the order of the calls; replies come in the same order. */
  readonly #waiting: Waiting[] = [];
  #socket: Socket<undefined> | undefined;
  #outbox: Outbox | undefined;
  #ended: ClientError | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  begin(socket: Socket<undefined>): void {
    this.#socket = socket;
    this.#outbox = createOutbox(socket);
  }

  /** Ends the connection. All calls fail with this error, later ones too. */
  end(error: ClientError): void {
    this.#ended ??= error;
    for (const { onFailure } of this.#waiting.splice(0)) onFailure(this.#ended);
    this.#socket?.terminate();
  }

  received(chunk: Uint8Array): void {
    const framer = this.#framer;
    framer.push(chunk);
    for (let message = framer.next(); message !== undefined; message = framer.next()) {
      const reply = message === "tooLong" ? undefined : readReply(message);
      const first = this.#waiting[0];
      if (reply === undefined || first === undefined)
        return this.end(
          new ClientError("notUnderstood", `The program at "${this.#path}" does not speak varlink`),
        );
      if (reply.continues !== true) this.#waiting.shift();
      first.onReply(reply);
    }
  }

  drained(): void {
    this.#outbox?.drained();
  }

  send({ method, parameters, more }: Call, waiting: Waiting): void {
    if (this.#ended !== undefined) return waiting.onFailure(this.#ended);
    this.#waiting.push(waiting);
    const call = { method: `${CONTROL.name}.${method}`, parameters };
    this.#outbox?.add(encodeMessage(more ? { ...call, more } : call));
    this.#outbox?.flush();
  }
}

/** Calls a method that returns many replies. Resolves to whether the daemon ended it. */
function stream(
  { method, parameters }: { readonly method: StreamName; readonly parameters: object },
  onItem: (reply: object) => void,
  { calls, signal }: { readonly calls: PendingCalls; readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  signal?.addEventListener("abort", () => {
    resolve(false);
    calls.end(new ClientError("disconnected", "Not subscribed any more"));
  });
  if (signal?.aborted) return Promise.resolve(false);
  calls.send(
    { method, parameters, more: true },
    {
      onReply(reply) {
        settle(
          () => onItem(understood(method, reply)),
          () => reply.continues !== true && resolve(true),
          reject,
        );
      },
      onFailure: (error) =>
        error instanceof ClientError && error.failure === "disconnected" ? resolve(false) : reject(error),
    },
  );
  return promise;
}

/**
 * Checks the reply's parameters against the interface description. Members that only a newer daemon has are accepted.
 */
function understood(method: string, { error, parameters = {} }: Reply): object {
  if (error !== undefined) throw new VarlinkError(error, parameters as Record<string, unknown>);
  const description = CONTROL.methods.get(method);
  const wrong = description && conform(parameters, description.reply, { types: CONTROL.types, open: true });
  if (wrong === undefined) return parameters;
  const what = `${method} answered ${formatPath(wrong.path)}, which is not ${wrong.expected}`;
  throw new ClientError("notUnderstood", what);
}

function settle<T>(attempt: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
  try {
    resolve(attempt());
  } catch (error) {
    reject(error);
  }
}

async function withTimeout<T>(
  promise: Promise<T>,
  ms: number,
  onTimeout: (error: ClientError) => void,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new ClientError("timeout", `vm-power did not answer within ${ms / 1000} s`);
    // Replies come in order, so after a timeout the later ones cannot be matched.
    reject(error);
    onTimeout(error);
  }, ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
