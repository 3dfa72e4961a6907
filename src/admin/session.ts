import type { Log } from "../base/log.ts";
import type { CallTurns } from "./call-turns.ts";
import type { Caller } from "./caller.ts";
import { createDeadline } from "./deadline.ts";
import { type Accepted, judgeCall, logFailure } from "./dispatch.ts";
import { createFramer } from "./framer.ts";
import type { Interface, Outcome } from "./interface.ts";
import type { Limits } from "./limits.ts";
import { writeAnswer } from "./long-answer.ts";
import { encodeMessage, readCall } from "./message.ts";
import { createOutbox, type Writable } from "./outbox.ts";
import { SERVICE_ERRORS } from "./service-interface.ts";
import { openStream } from "./stream.ts";

/** The socket of a session. */
export interface Peer extends Writable {
  pause(): void;
  resume(): void;
  /** Closes; what the kernel took is still read at the other end. */
  close(): void;
}

/** What a session works with. */
export interface SessionOptions {
  readonly caller: Caller;
  readonly interfaces: ReadonlyMap<string, Interface>;
  readonly limits: Limits;
  readonly turns: CallTurns;
  /** Bytes of answers that wait in all sessions. */
  readonly waitingBytes: () => number;
  readonly log: Log;
  /** Told of each mutating call after it was answered. */
  readonly onMutation: (call: Accepted, outcome: Outcome) => void;
}

/** One client's connection: its calls are answered one after the other, in the order they came. */
export interface Session {
  received(chunk: Uint8Array): void;
  /** The socket takes more. */
  drained(): void;
  /** No more bytes will come: answers the calls that are there, then closes. */
  inputEnded(): void;
  /** Takes no more calls; closes when what is under way is answered and delivered. */
  finish(): void;
  /** The connection is gone. */
  closed(): void;
  /** Bytes that wait for the client to read. */
  queued(): number;
}

/** Begins a session. */
export function openSession(peer: Peer, options: SessionOptions): Session {
  const { caller, limits, turns, log } = options;
  const who = `the control connection of uid ${caller.uid}, pid ${caller.pid}`;
  const framer = createFramer(limits.messageBytes);
  const outbox = createOutbox(peer);
  const deadline = createDeadline(limits, (what) => {
    log.info(`Closing ${who}: ${what}`);
    peer.close();
  });
  let state: "open" | "inputEnded" | "finishing" | "closed" = "open";
  let underWay: "single" | "stream" | undefined;
  let cancelStream: (() => void) | undefined;
  let cancelAnswer: (() => void) | undefined;
  let paused = false;
  let waitsForTurn = false;

  /** Writes what there is, handles calls that have arrived, as far as this turn goes, and settles what follows from that. */
  function pump(): void {
    let handled = 0;
    outbox.flush();
    while (mayTakeCall() && framer.buffered() > 0) {
      if (!turns.take()) {
        waitForTurn();
        break;
      }
      const message = framer.next();
      if (message === undefined) break;
      handled++;
      if (message === "tooLong") fail(`it sent a message of more than ${limits.messageBytes} bytes`);
      else handle(message);
    }
    settle({ progress: handled > 0 });
  }

  function inTurn(): void {
    waitsForTurn = false;
    pump();
  }

  function waitForTurn(): void {
    waitsForTurn = true;
    turns.wait(inTurn);
  }

  function mayTakeCall(): boolean {
    const mayCall = state === "open" || state === "inputEnded";
    return mayCall && underWay === undefined && outbox.queued() < limits.queuedBytes;
  }

  function handle(message: Uint8Array): void {
    const call = readCall(message);
    if (call.kind === "garbage") {
      fail(`it sent what is no varlink call: ${call.reason}`);
      return;
    }
    const judged =
      call.kind === "invalid"
        ? SERVICE_ERRORS.invalidParameter(call.member)
        : judgeCall(call, caller, options.interfaces);
    const oneway = call.kind === "call" && call.oneway;
    if (!("kind" in judged)) {
      if (!oneway) reply(judged);
    } else if (judged.method.kind === "stream") {
      stream(judged);
    } else {
      const outcome = judged.method.call(judged.parameters, caller);
      if (outcome instanceof Promise) answerLater(judged, outcome, oneway);
      else answer(judged, outcome, oneway);
    }
  }

  function answer(call: Accepted, outcome: Outcome, oneway: boolean): void {
    if (call.method.mutates) {
      logFailure(log, call, caller, outcome);
      options.onMutation(call, outcome);
    }
    if (!oneway) reply(outcome);
  }

  function answerLater(call: Accepted, outcome: Promise<Outcome>, oneway: boolean): void {
    underWay = "single";
    void outcome.then((late) => {
      underWay = undefined;
      answer(call, late, oneway);
      pump();
    });
  }

  function stream(call: Accepted): void {
    underWay = "stream";
    const cancel = openStream(call, caller, {
      send(parameters) {
        if (outbox.queued() >= limits.queuedBytes) return false;
        // Written in the next turn, with the other events of this one: a guest's packet may be on its way just now.
        outbox.add(encodeMessage({ parameters, continues: true }));
        waitForTurn();
        return true;
      },
      over(last) {
        underWay = undefined;
        cancelStream = undefined;
        if (last !== undefined) reply(last);
        // Not at once: the stream may end while it is being opened, by a call that is handled right now.
        waitForTurn();
      },
    });
    if (underWay === "stream") cancelStream = cancel;
  }

  function reply(outcome: Outcome): void {
    if (state === "closed") return;
    cancelAnswer = writeAnswer(outcome, { turns, limits, waitingBytes: options.waitingBytes, send, onLate });
    if (cancelAnswer !== undefined) underWay = "single";
  }

  function onLate(): void {
    underWay = undefined;
    pump();
  }

  function send(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) outbox.add(piece);
    outbox.flush();
  }

  /** After anything that happened: closes when all is done, else reads or rests, and waits for what is due. */
  function settle({ progress }: { progress: boolean }): void {
    if (state === "closed") return;
    if (state !== "open") cancelStream?.();
    const isIdle = underWay === undefined && !waitsForTurn && outbox.queued() === 0;
    if (state !== "open" && isIdle) {
      peer.close();
      return;
    }
    const isFull = framer.buffered() > limits.pipelinedBytes;
    if (isFull && underWay === "stream") {
      // Pausing would hide the end of the connection for as long as the stream lasts.
      fail("it sent calls without end while it was subscribed");
      settle({ progress });
      return;
    }
    if (isFull !== paused) {
      paused = isFull;
      if (isFull) peer.pause();
      else peer.resume();
    }
    if (underWay !== undefined) deadline.wait(undefined, { progress });
    else if (outbox.queued() > 0) deadline.wait("stallMs", { progress });
    else deadline.wait(framer.buffered() > 0 ? "messageMs" : "idleMs", { progress });
  }

  function fail(why: string): void {
    log.info(`Closing ${who}: ${why}`);
    state = "finishing";
  }

  settle({ progress: true });
  return {
    queued: outbox.queued,
    received(chunk) {
      if (state !== "open") return;
      framer.push(chunk);
      pump();
    },
    drained() {
      const before = outbox.queued();
      outbox.drained();
      if (outbox.queued() < before) settle({ progress: true });
      pump();
    },
    inputEnded() {
      if (state === "open") state = "inputEnded";
      pump();
    },
    finish() {
      if (state !== "closed") state = "finishing";
      pump();
    },
    closed() {
      state = "closed";
      deadline.wait(undefined, { progress: true });
      turns.forget(inTurn);
      cancelAnswer?.();
      cancelStream?.();
    },
  };
}
