import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Change, Refusal } from "../../arbiter/view.ts";
import type { WriteRefused } from "../../base/clock.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import type { Channel } from "../../channels/channel.ts";
import type { Scale } from "../../wire/packet.ts";
import type { Events } from "../events/events.ts";
import type { Clocks, Performed } from "../host/clocks.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { TurnClock } from "../turn-clock.ts";
import type { Meters } from "./meters.ts";
import { SecondLooks } from "./second-looks.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** What {@link ScalePackets} needs. */
export interface ScalePacketsParts {
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly events: Events;
  readonly log: LimitedLog;
  readonly meters: Meters;
  readonly time: TurnClock;
  readonly stopwatch: Stopwatch;
  /** Requests a new report of a VM from the hypervisor, some time later. */
  readonly lookAgain: (vm: string) => void;
}

/** A request for a speed, with its decision. */
interface Asked {
  readonly channel: Channel;
  readonly frame: Uint8Array;
  readonly request: Scale;
  readonly change: Change;
  /** Why it was refused; known when its change is done. */
  refusal: Refusal | undefined;
}

/** Tells a guest, and the daemon's counters, what became of a request: for a refusal, or for what limits it. */
type Conclude = (
  channel: Channel,
  frame: Uint8Array,
  request: Scale,
  refusal: Refusal | undefined,
  limit: Change["limit"],
) => void;

/**
 * Requests for speeds. They are decided one after the other, and all that came in one turn are written together, unless
 * one is for a clock that another is not written to yet. Those of one vCPU that follow each other are a *run*: each clock
 * is written once, for the last of them. Then each request is answered.
 */
export class ScalePackets {
  readonly #parts: ScalePacketsParts;
  readonly #conclude: Conclude;
  readonly #secondLooks: SecondLooks;
  /** Decided, and not written yet. */
  #asked: Asked[] = [];

  constructor(parts: ScalePacketsParts, conclude: Conclude) {
    this.#parts = parts;
    this.#conclude = conclude;
    this.#secondLooks = new SecondLooks(parts.lookAgain);
  }

  /**
   * Decides a request. What it comes to is done by {@link settle}; with a slow back end it is begun at once, and the
   * promise resolves when it is done.
   */
  scale(channel: Channel, frame: Uint8Array, request: Scale): Promise<void> | undefined {
    const { arbiter, clocks, meters, time } = this.#parts;
    if (!request.physical) meters.of(channel.vm).asked(request.resource);
    const last = this.#asked.at(-1);
    const isOther = last !== undefined && !continuesRun(last, { channel, request });
    if (isOther && arbiter.awaitsWrite(channel.vm, request)) this.settle();
    const change = arbiter.scale(channel.vm, request, time());
    if (change.dry) this.#noteDry(channel, request);
    const asked: Asked = { channel, frame, request, change, refusal: undefined };
    if (clocks.isSlow) return this.#performSlow(asked);
    this.#asked.push(asked);
    return undefined;
  }

  /** Writes what the decided requests come to, and answers each. */
  settle(): void {
    const asked = this.#asked;
    if (asked.length === 0) return;
    this.#asked = [];
    const { stopwatch } = this.#parts;
    stopwatch.decided();
    let writes = 0;
    for (let at = 0; at < asked.length; ) {
      const end = endOfRun(asked, at);
      writes += this.#write(asked, at, end);
      at = end;
    }
    stopwatch.written(writes);
    for (const one of asked) this.#done(one);
  }

  /** Writes what a run comes to. What the kernel refuses is refused to all of it. Returns the number of writes. */
  #write(asked: readonly Asked[], at: number, end: number): number {
    const { arbiter, clocks } = this.#parts;
    const first = asked[at] as Asked;
    const isOne = end === at + 1;
    const change = isOne ? first.change : arbiter.join(asked.slice(at, end).map((one) => one.change));
    const { counters } = first.channel;
    const performed = clocks.perform(change);
    if (performed instanceof Promise) throw new Error("Expected a back end that answers at once");
    counters.writes += change.writes.length;
    const refused = outcome(counters, performed);
    for (let i = at; i < end; i++) {
      const one = asked[i] as Asked;
      one.refusal = one.change.refusal ?? refused;
    }
    return change.writes.length;
  }

  #performSlow(asked: Asked): Promise<void> | undefined {
    const { channel, frame, change } = asked;
    const { counters } = channel;
    counters.writes += change.writes.length;
    const performed = this.#parts.clocks.perform(change);
    const done = (slow: Asked, refused: Performed) => {
      slow.refusal = change.refusal ?? outcome(counters, refused);
      this.#done(slow);
    };
    if (!(performed instanceof Promise)) {
      done(asked, performed);
      return undefined;
    }
    const kept = { ...asked, frame: frame.slice() };
    return performed.then((refused) => done(kept, refused));
  }

  #done({ channel, frame, request, change, refusal }: Asked): void {
    const { events, time } = this.#parts;
    if (refusal?.code === "vcpu-offline") this.#secondLooks.offline(channel.vm, time().monoMs);
    if (events.wanted) events.request(channel.vm, request, refusal, time());
    this.#conclude(channel, frame, request, refusal, change.limit);
  }

  #noteDry({ vm }: Channel, request: Scale): void {
    const { arbiter, log } = this.#parts;
    log(vm, "info", () => {
      const { khz } = arbiter.grantOf(vm, request);
      const would = khz === undefined ? "its CPU's own settings" : formatKhz(khz);
      const what = `${request.action} for vCPU ${request.resource}`;
      const fields = {
        MESSAGE_ID: MESSAGE_IDS.dryRun,
        VM: vm,
        ...(khz === undefined ? {} : { NEW_KHZ: khz }),
      };
      return { message: `${vm} asked ${what}: ${would} would hold, but this is a dry run`, fields };
    });
  }
}

/** Whether a request is of the same vCPU as the one before it. */
function continuesRun(before: Asked, { channel, request }: Pick<Asked, "channel" | "request">): boolean {
  const { resource, physical } = before.request;
  return before.channel === channel && resource === request.resource && physical === request.physical;
}

/** Where the run ends that begins at a position. */
function endOfRun(asked: readonly Asked[], at: number): number {
  const first = asked[at] as Asked;
  let end = at + 1;
  while (end < asked.length && continuesRun(first, asked[end] as Asked)) end++;
  return end;
}

/** The kernel's refusal, which is counted. */
function outcome(counters: Channel["counters"], refused: WriteRefused | undefined): Refusal | undefined {
  if (refused === undefined) return undefined;
  counters.writesRefused++;
  return { code: "kernel-refused", reason: refused.reason };
}
