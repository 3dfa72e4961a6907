import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Change, Refusal } from "../../arbiter/view.ts";
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
 * Requests for speeds. Those of one vCPU that arrive together are a *run*: they are decided one after the other, each
 * clock is written once, for the last of them, and then each is answered.
 */
export class ScalePackets {
  readonly #parts: ScalePacketsParts;
  readonly #conclude: Conclude;
  readonly #secondLooks: SecondLooks;
  #run: Asked[] = [];

  constructor(parts: ScalePacketsParts, conclude: Conclude) {
    this.#parts = parts;
    this.#conclude = conclude;
    this.#secondLooks = new SecondLooks(parts.lookAgain);
  }

  /** Whether a request continues the run. Otherwise {@link endRun} must come before it. */
  continues(channel: Channel, { resource, physical }: Scale): boolean {
    const first = this.#run[0];
    return (
      first?.channel === channel && first.request.resource === resource && first.request.physical === physical
    );
  }

  /**
   * Decides a request, and writes unless it is in a run; `more`: another packet of the channel may follow in this turn.
   * Returns the result when the kernel has answered: at once, or with a slow back end later.
   */
  scale(channel: Channel, frame: Uint8Array, request: Scale, more: boolean): Promise<void> | undefined {
    const { arbiter, clocks, meters, time } = this.#parts;
    if (!request.physical) meters.of(channel.vm).asked(request.resource);
    const change = arbiter.scale(channel.vm, request, time());
    const { limit } = change;
    if (change.dry) this.#noteDry(channel, request);
    if (this.#run.length > 0 || (more && !clocks.isSlow)) {
      this.#run.push({ channel, frame, request, change });
      return undefined;
    }
    const performed = this.#perform(channel, change);
    if (!(performed instanceof Promise)) {
      this.#done(channel, frame, request, this.#outcome(channel, change, performed), limit);
      return undefined;
    }
    const kept = frame.slice();
    return performed.then((refused) =>
      this.#done(channel, kept, request, this.#outcome(channel, change, refused), limit),
    );
  }

  /** Writes what the run comes to, and answers its requests: all as the kernel answers, or as each was refused. */
  endRun(): void {
    const run = this.#run;
    const channel = run[0]?.channel;
    if (channel === undefined) return;
    this.#run = [];
    const joined = this.#parts.arbiter.join(run.map(({ change }) => change));
    const performed = this.#perform(channel, joined);
    if (performed instanceof Promise) throw new Error("Expected a back end that answers at once");
    const refused = this.#outcome(channel, joined, performed);
    for (const { frame, request, change } of run)
      this.#done(channel, frame, request, change.refusal ?? refused, change.limit);
  }

  #perform({ counters }: Channel, change: Change): Performed | Promise<Performed> {
    const { clocks, stopwatch } = this.#parts;
    counters.writes += change.writes.length;
    stopwatch.decided();
    const performed = clocks.perform(change);
    stopwatch.written(change.writes.length);
    return performed;
  }

  #outcome({ counters }: Channel, change: Change, refused: Performed): Refusal | undefined {
    if (refused === undefined) return change.refusal;
    counters.writesRefused++;
    return { code: "kernel-refused", reason: refused.reason };
  }

  #done(
    channel: Channel,
    frame: Uint8Array,
    request: Scale,
    refusal: Refusal | undefined,
    limit: Change["limit"],
  ): void {
    const { events, time } = this.#parts;
    if (refusal?.code === "vcpu-offline") this.#secondLooks.offline(channel.vm, time().monoMs);
    if (events.wanted) events.request(channel.vm, request, refusal, time());
    this.#conclude(channel, frame, request, refusal, limit);
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
