import { failure, type Result, success } from "../../base/result.ts";
import type { ByteStream } from "../stream.ts";
import { encodeFrame, type Frame, FrameCutter } from "./frame.ts";
import { readError } from "./messages.ts";
import * as protocol from "./protocol.ts";
import { XdrReader } from "./xdr-reader.ts";

/** Calls that are sent without a reply; libvirtd stops reading at five. */
export const IN_FLIGHT_MAX = 4;

/** Calls that may wait; a further one is refused. */
export const QUEUED_CALLS_MAX = 256;

const NOT_READING = "libvirt does not read what it is sent";

const PING = encodeFrame({
  program: protocol.KEEPALIVE_PROGRAM,
  version: protocol.PROGRAM_VERSION,
  procedure: protocol.KEEPALIVE.ping,
  type: protocol.FRAME_TYPE.message,
  serial: 0,
  status: protocol.FRAME_STATUS.ok,
  body: new Uint8Array(),
});

/** Why a call failed. */
export type Failure =
  /** libvirt refused it: its error code and message. */
  | { readonly kind: "refused"; readonly code: number; readonly message: string }
  /** No reply in time, though libvirtd answers other calls. */
  | { readonly kind: "slow" }
  /** No reply to any call: libvirtd hangs, and may recover. */
  | { readonly kind: "silent" }
  /** The connection has ended. */
  | { readonly kind: "lost"; readonly reason: string };

/** The result of a call. */
export type Answer<T> = Result<T, Failure>;

/** Events of a connection. */
export interface RpcEvents {
  /** An event of libvirt. Returns a reason if it ends the connection. */
  event(procedure: number, body: XdrReader): string | undefined;
  /** The connection has ended; called once. */
  lost(reason: string): void;
  /** A call got no reply in time and nothing else arrived either. Called once until something arrives. */
  silent(): void;
  /** libvirtd answers again after a silence. */
  answers(): void;
}

interface Call {
  readonly procedure: number;
  readonly bytes: Uint8Array;
  readonly read: (body: XdrReader) => unknown;
  readonly settle: (answer: Answer<unknown>) => void;
  timer: Timer | undefined;
}

/**
 * Calls and replies on one connection. Any byte that libvirt would not send ends it. Silence does not: a libvirtd that
 * recovers answers the open calls, while one whose client has disconnected with open calls and events may crash
 * (libvirt 9.0 does so once in about 40 times).
 */
export class Rpc {
  readonly #stream: ByteStream;
  readonly #events: RpcEvents;
  readonly #timeoutMs: number;
  readonly #cutter = new FrameCutter();
  readonly #inFlight = new Map<number, Call>();
  #queue: [number, Call][] = [];
  #serial = 0;
  /** Number of received messages. If it does not grow while a call waits, libvirtd hangs. */
  #heard = 0;
  #isSilent = false;
  #ended: string | undefined;

  constructor(stream: ByteStream, events: RpcEvents, timeoutMs: number) {
    this.#stream = stream;
    this.#events = events;
    this.#timeoutMs = timeoutMs;
  }

  /** Calls that timed out but on which libvirtd may still work. */
  get stuck(): number {
    return [...this.#inFlight.values()].filter((call) => call.timer === undefined).length;
  }

  /** Why the connection has ended; undefined while it is open. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Makes a call. `read` decodes the reply while its bytes are valid. Never throws or rejects. */
  call<T>(procedure: number, args: Uint8Array, read: (body: XdrReader) => T): Promise<Answer<T>> {
    return new Promise((resolve) => {
      const settle = (answer: Answer<unknown>): void => resolve(answer as Answer<T>);
      if (this.#ended !== undefined) return settle(lost(this.#ended));
      if (this.#isSilent) return settle(failure({ kind: "silent" }));
      if (this.#queue.length >= QUEUED_CALLS_MAX) return settle(failure({ kind: "slow" }));
      this.#serial = (this.#serial % 0xffffffff) + 1;
      const serial = this.#serial;
      const bytes = encodeFrame({ ...header(procedure, serial), body: args });
      const heard = this.#heard;
      const timer = setTimeout(() => this.#timedOut(serial, heard), this.#timeoutMs);
      this.#queue.push([serial, { procedure, bytes, read, settle, timer }]);
      this.#sendNext();
    });
  }

  /** Asks whether libvirtd is alive; it answers even if all its workers are busy. */
  ping(): void {
    if (this.#ended === undefined && !this.#stream.write(PING)) this.end(NOT_READING);
  }

  /** Adds bytes of the connection. */
  received(bytes: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const wrong = this.#cutter.push(bytes, (frame) => {
      this.#heard++;
      const reason = this.#handle(frame);
      if (reason !== undefined) this.end(reason);
      else if (this.#isSilent) {
        this.#isSilent = false;
        this.#events.answers();
      }
      return this.#ended === undefined;
    });
    if (wrong !== undefined) this.end(`libvirt sent ${wrong}`);
  }

  /** Closes the connection and fails every waiting call; the first reason counts. */
  end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#stream.close();
    const calls = [...this.#inFlight.values(), ...this.#queue.map(([, call]) => call)];
    this.#inFlight.clear();
    this.#queue = [];
    for (const call of calls) {
      clearTimeout(call.timer);
      call.settle(lost(reason));
    }
    this.#events.lost(reason);
  }

  #sendNext(): void {
    while (this.#inFlight.size < IN_FLIGHT_MAX) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const [serial, call] = next;
      this.#inFlight.set(serial, call);
      if (!this.#stream.write(call.bytes)) this.end(NOT_READING);
    }
  }

  /** Returns the reason if the frame ends the connection. */
  #handle(frame: Frame): string | undefined {
    if (frame.version !== protocol.PROGRAM_VERSION) return `libvirt sent version ${frame.version}`;
    if (frame.program === protocol.KEEPALIVE_PROGRAM) return this.#keepalive(frame);
    if (frame.program !== protocol.REMOTE_PROGRAM)
      return `libvirt sent a message of program ${frame.program}`;
    if (frame.type === protocol.FRAME_TYPE.reply) return this.#reply(frame);
    if (frame.type !== protocol.FRAME_TYPE.message) return `libvirt sent a message of type ${frame.type}`;
    const body = new XdrReader(frame.body);
    const reason = this.#events.event(frame.procedure, body);
    return body.ok ? reason : `libvirt sent an event ${frame.procedure} that makes no sense`;
  }

  #keepalive(frame: Frame): string | undefined {
    if (frame.procedure !== protocol.KEEPALIVE.ping) return undefined;
    const pong = encodeFrame({
      ...frame,
      procedure: protocol.KEEPALIVE.pong,
      type: protocol.FRAME_TYPE.message,
    });
    return this.#stream.write(pong) ? undefined : NOT_READING;
  }

  #reply(frame: Frame): string | undefined {
    const call = this.#inFlight.get(frame.serial);
    if (call?.procedure !== frame.procedure) return "libvirt sent a reply that nobody waits for";
    const reader = new XdrReader(frame.body);
    const answer = readAnswer(frame.status, reader, call);
    if (!reader.ok || answer === undefined)
      return `libvirt sent a reply to ${frame.procedure} that makes no sense`;
    this.#inFlight.delete(frame.serial);
    clearTimeout(call.timer);
    call.settle(answer);
    this.#sendNext();
    return undefined;
  }

  #timedOut(serial: number, heardBefore: number): void {
    const isSilent = this.#heard === heardBefore;
    const late: Answer<unknown> = failure({ kind: isSilent ? "silent" : "slow" });
    if (isSilent && !this.#isSilent) {
      this.#isSilent = true;
      this.#events.silent();
    }
    const call = this.#inFlight.get(serial);
    if (call !== undefined) {
      // The call keeps its place: libvirtd still works on it, and stops reading after too many.
      call.timer = undefined;
      call.settle(late);
      return;
    }
    const waiting = this.#queue.find(([queued]) => queued === serial);
    this.#queue = this.#queue.filter((entry) => entry !== waiting);
    waiting?.[1].settle(late);
  }
}

function header(procedure: number, serial: number): Omit<Frame, "body"> {
  const type = protocol.FRAME_TYPE.call;
  return {
    program: protocol.REMOTE_PROGRAM,
    version: protocol.PROGRAM_VERSION,
    procedure,
    type,
    serial,
    status: protocol.FRAME_STATUS.ok,
  };
}

function readAnswer(status: number, body: XdrReader, call: Call): Answer<unknown> | undefined {
  if (status === protocol.FRAME_STATUS.ok) return success(call.read(body));
  if (status !== protocol.FRAME_STATUS.error) return undefined;
  return failure({ kind: "refused", ...readError(body) });
}

function lost(reason: string): Answer<never> {
  return failure({ kind: "lost", reason });
}
