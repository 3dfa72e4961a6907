import type { Log } from "../base/log.ts";
import { failure } from "../base/result.ts";
import type { CallTurns } from "./call-turns.ts";
import type { Caller } from "./caller.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import { type Accepted, judgeCall, logFailure } from "./dispatch.ts";
import { createFramer, type Framer } from "./framer.ts";
import type { Interface, Outcome } from "./interface.ts";
import type { Limits } from "./limits.ts";
import { writeAnswer } from "./long-answer.ts";
import { encodeMessage, readCall } from "./message.ts";
import { createOutbox, type Outbox, type Writable } from "./outbox.ts";
import { SERVICE_ERRORS } from "./service-interface.ts";
import { openStream } from "./stream.ts";

/** The socket of a session. */
export interface Peer extends Writable {
  pause(): void;
  resume(): void;
  /** Closes the connection; the client can still read what the kernel has taken. */
  close(): void;
}

/** What a session needs. */
export interface SessionOptions {
  readonly caller: Caller;
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly limits: Limits;
  readonly turns: CallTurns;
  /** Bytes of answers that wait in all sessions. */
  readonly waitingBytes: () => number;
  readonly log: Log;
  /** Called after each mutating call was answered. */
  readonly onMutation: (call: Accepted, outcome: Outcome) => void;
}

/** One client's connection: its calls are answered one after the other, in the order they came. */
export class Session {
  readonly #peer: Peer;
  readonly #options: SessionOptions;
  readonly #who: string;
  readonly #framer: Framer;
  readonly #outbox: Outbox;
  readonly #deadline: Deadline;
  #state: "open" | "inputEnded" | "finishing" | "closed" = "open";
  #underWay: "single" | "stream" | undefined;
  #cancelStream: (() => void) | undefined;
  #cancelAnswer: (() => void) | undefined;
  #paused = false;
  #waitsForTurn = false;

  constructor(peer: Peer, options: SessionOptions) {
    const { caller, limits, log } = options;
    this.#peer = peer;
    this.#options = options;
    this.#who = `the control connection of uid ${caller.uid}, pid ${caller.pid}`;
    this.#framer = createFramer(limits.messageBytes);
    this.#outbox = createOutbox(peer);
    this.#deadline = createDeadline(limits, (what) => {
      log.info(`Closing ${this.#who}: ${what}`);
      peer.close();
    });
    this.#settle({ progress: true });
  }

  /** Bytes that wait for the client to read. */
  queued(): number {
    return this.#outbox.queued();
  }

  received(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#framer.push(chunk);
    this.#pump();
  }

  /** The socket has room again. */
  drained(): void {
    const before = this.#outbox.queued();
    this.#outbox.drained();
    if (this.#outbox.queued() < before) this.#settle({ progress: true });
    this.#pump();
  }

  /** No more bytes will come: answers the calls that have arrived, then closes. */
  inputEnded(): void {
    if (this.#state === "open") this.#state = "inputEnded";
    this.#pump();
  }

  /** Takes no more calls. Closes when the current one is answered and delivered. */
  finish(): void {
    if (this.#state !== "closed") this.#state = "finishing";
    this.#pump();
  }

  /** The connection has ended. */
  closed(): void {
    this.#state = "closed";
    this.#deadline.wait(undefined, { progress: true });
    this.#options.turns.forget(this.#inTurn);
    this.#cancelAnswer?.();
    this.#cancelStream?.();
  }

  /** Writes waiting bytes, handles calls as far as this turn allows, and then settles the state. */
  #pump(): void {
    let handled = 0;
    this.#outbox.flush();
    while (this.#mayTakeCall() && this.#framer.buffered() > 0) {
      if (!this.#options.turns.take()) {
        this.#waitForTurn();
        break;
      }
      const message = this.#framer.next();
      if (message === undefined) break;
      handled++;
      if (message === "tooLong")
        this.#fail(`it sent a message of more than ${this.#options.limits.messageBytes} bytes`);
      else this.#handle(message);
    }
    this.#settle({ progress: handled > 0 });
  }

  readonly #inTurn = (): void => {
    this.#waitsForTurn = false;
    this.#pump();
  };

  #waitForTurn(): void {
    this.#waitsForTurn = true;
    this.#options.turns.wait(this.#inTurn);
  }

  #mayTakeCall(): boolean {
    const mayCall = this.#state === "open" || this.#state === "inputEnded";
    const { queuedBytes } = this.#options.limits;
    return mayCall && this.#underWay === undefined && this.#outbox.queued() < queuedBytes;
  }

  #handle(message: Uint8Array): void {
    const call = readCall(message);
    if (call.kind === "garbage") {
      this.#fail(`it sent something that is not a varlink call: ${call.reason}`);
      return;
    }
    const judged =
      call.kind === "invalid"
        ? failure(SERVICE_ERRORS.invalidParameter(call.member))
        : judgeCall(call, this.#options.caller, this.#options.interfaces);
    const oneway = call.kind === "call" && call.oneway;
    if (judged.ok) this.#do(judged.value, oneway);
    else if (!oneway) this.#reply(judged.why);
  }

  #do(call: Accepted, oneway: boolean): void {
    if (call.method.kind === "stream") return this.#stream(call);
    const outcome = call.method.call(call.parameters, this.#options.caller);
    if (outcome instanceof Promise) this.#answerLater(call, outcome, oneway);
    else this.#answer(call, outcome, oneway);
  }

  #answer(call: Accepted, outcome: Outcome, oneway: boolean): void {
    if (call.method.mutates) {
      logFailure(this.#options.log, call, this.#options.caller, outcome);
      this.#options.onMutation(call, outcome);
    }
    if (!oneway) this.#reply(outcome);
  }

  #answerLater(call: Accepted, outcome: Promise<Outcome>, oneway: boolean): void {
    this.#underWay = "single";
    void outcome.then((late) => {
      this.#underWay = undefined;
      this.#answer(call, late, oneway);
      this.#pump();
    });
  }

  #stream(call: Accepted): void {
    this.#underWay = "stream";
    const cancel = openStream(call, this.#options.caller, {
      send: (parameters) => {
        if (this.#outbox.queued() >= this.#options.limits.queuedBytes) return false;
        // Written in the next turn, with other events of this turn, because a guest's packet may be handled right now.
        this.#outbox.add(encodeMessage({ parameters, continues: true }));
        this.#waitForTurn();
        return true;
      },
      over: (last) => {
        this.#underWay = undefined;
        this.#cancelStream = undefined;
        if (last !== undefined) this.#reply(last);
        // Not at once: the stream may end while it is being opened by the current call.
        this.#waitForTurn();
      },
    });
    if (this.#underWay === "stream") this.#cancelStream = cancel;
  }

  #reply(outcome: Outcome): void {
    if (this.#state === "closed") return;
    const { turns, limits, waitingBytes } = this.#options;
    this.#cancelAnswer = writeAnswer(outcome, {
      ...{ turns, limits, waitingBytes },
      send: (pieces) => this.#send(pieces),
      onLate: () => {
        this.#underWay = undefined;
        this.#pump();
      },
    });
    if (this.#cancelAnswer !== undefined) this.#underWay = "single";
  }

  #send(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.#outbox.add(piece);
    this.#outbox.flush();
  }

  /** Closes when all is done; otherwise pauses or resumes reading and sets the deadline. */
  #settle({ progress }: { progress: boolean }): void {
    if (this.#state === "closed") return;
    if (this.#state !== "open") this.#cancelStream?.();
    const isIdle = this.#underWay === undefined && !this.#waitsForTurn && this.#outbox.queued() === 0;
    if (this.#state !== "open" && isIdle) {
      this.#peer.close();
      return;
    }
    const isFull = this.#framer.buffered() > this.#options.limits.pipelinedBytes;
    if (isFull && this.#underWay === "stream") {
      // Pausing would hide the end of the connection as long as the stream lasts.
      this.#fail("it sent calls without end while it was subscribed");
      this.#settle({ progress });
      return;
    }
    if (isFull !== this.#paused) {
      this.#paused = isFull;
      if (isFull) this.#peer.pause();
      else this.#peer.resume();
    }
    if (this.#underWay !== undefined) this.#deadline.wait(undefined, { progress });
    else if (this.#outbox.queued() > 0) this.#deadline.wait("stallMs", { progress });
    else this.#deadline.wait(this.#framer.buffered() > 0 ? "messageMs" : "idleMs", { progress });
  }

  #fail(why: string): void {
    this.#options.log.info(`Closing ${this.#who}: ${why}`);
    this.#state = "finishing";
  }
}
