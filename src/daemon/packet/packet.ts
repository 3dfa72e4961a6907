import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Change, Refusal } from "../../arbiter/view.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import type { Result } from "../../base/result.ts";
import type { Channel } from "../../channels/channel.ts";
import { decode } from "../../wire/decode.ts";
import type { GuestPolicy, Query, Request } from "../../wire/packet.ts";
import {
  answer,
  capabilityList,
  energyReply,
  frequencyList,
  type OwnEnergy,
  readsReplies,
} from "../../wire/reply.ts";
import type { Events } from "../events/events.ts";
import type { Clocks } from "../host/clocks.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { PolicyClock } from "../local-hours.ts";
import type { TurnClock } from "../turn-clock.ts";
import type { Usage } from "../usage/usage.ts";
import { type PinRemedy, refusalRemedy, refusalText } from "../words/refusal-text.ts";
import { GuestPolicyPackets } from "./guest-policy-packets.ts";
import { LatePackets } from "./late-packets.ts";
import type { Meters } from "./meters.ts";
import type { Rates } from "./rates.ts";
import type { Recordings } from "./recordings.ts";
import { ScalePackets } from "./scale-packets.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** What is needed to handle a packet. */
export interface PacketPathParts {
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly events: Events;
  readonly log: LimitedLog;
  readonly meters: Meters;
  readonly rates: Rates;
  readonly recordings: Recordings;
  readonly stopwatch: Stopwatch;
  readonly time: TurnClock;
  readonly usage: Pick<Usage, "asked">;
  readonly moment: PolicyClock;
  readonly trafficConcerned: () => void;
  /** The remedies of the hypervisor's driver. */
  readonly pinRemedy: PinRemedy;
  /** What the guest of a VM may know of its energy, or why nothing. */
  readonly energyOf: (vm: string) => Result<OwnEnergy, string>;
  /** Requests a new report of a VM from the hypervisor, some time later. */
  readonly lookAgain: (vm: string) => void;
}

/**
 * Handles guests' packets: checks, decides, writes and replies, all in one turn of the event loop unless the back end
 * is slow.
 */
export class PacketPath {
  readonly #parts: PacketPathParts;
  readonly #scales: ScalePackets;
  readonly #policies: GuestPolicyPackets;
  /** A channel may have been turned off, or have lost its guest, while its packets waited. */
  readonly #late = new LatePackets((channel, frame) =>
    channel.enabled && channel.status === "connected" ? this.#handle(channel, frame) : undefined,
  );

  constructor(parts: PacketPathParts) {
    this.#parts = parts;
    this.#scales = new ScalePackets(parts, (channel, frame, request, refusal, limit) =>
      this.#conclude(channel, frame, request, refusal, limit),
    );
    this.#policies = new GuestPolicyPackets(parts);
  }

  /** A channel received one packet. A request for a speed is done and answered by {@link settle}. */
  received(channel: Channel, frame: Uint8Array): void {
    if (!channel.enabled) return;
    const { recordings } = this.#parts;
    if (recordings.wanted) recordings.take(channel, frame);
    if (this.#late.hold(channel, frame)) return;
    this.#parts.stopwatch.packet(channel.vm, channel.counters.requests);
    const later = this.#handle(channel, frame);
    // A slow back end must answer first: the channel's next packets wait for that.
    if (later !== undefined) this.#late.wait(channel, later);
  }

  /** Does what the speeds come to that were asked for since the last call, and sends the replies. */
  settle(): void {
    this.#scales.settle();
  }

  #handle(channel: Channel, frame: Uint8Array): Promise<void> | undefined {
    const request = decode(frame);
    if (request.kind !== "scale") this.#scales.settle();
    if (request.kind !== "connect") {
      channel.counters.requests++;
      const { rates, time } = this.#parts;
      const { monoMs } = time();
      const excess = rates.take(channel, monoMs);
      if (excess !== undefined && rates.isFlood(channel, monoMs)) channel.rest();
      if (excess !== undefined) return this.#refuse(channel, frame, request, excess);
    }
    switch (request.kind) {
      case "connect":
        return undefined;
      case "remove-policy":
        this.#policies.remove(channel);
        return undefined;
      case "scale":
        return this.#scales.scale(channel, frame, request);
      case "set-policy":
        return this.#setPolicy(channel, frame, request);
      case "query":
        this.#query(channel, frame, request);
        return undefined;
      case "energy":
        this.#energy(channel, frame);
        return undefined;
      case "malformed":
        channel.counters.malformed++;
        this.#note(channel, "sent a malformed packet", () => request.reason, { id: MESSAGE_IDS.malformed });
        return undefined;
    }
  }

  /** Answers a request that is not decided. Packets that get no reply otherwise get none here. */
  #refuse(
    channel: Channel,
    frame: Uint8Array,
    request: ReturnType<typeof decode>,
    refusal: Refusal,
  ): undefined {
    // Replies are sent in the order of the requests.
    this.#scales.settle();
    switch (request.kind) {
      case "scale":
      case "set-policy":
        this.#conclude(channel, frame, request, refusal);
        return;
      case "malformed":
        channel.counters.malformed++;
        return;
      case "query":
        this.#refuseQuery(channel, request, () => this.#reasonAndRemedy(channel, refusal));
        return;
      case "energy":
        this.#refuseEnergy(channel, frame, () => this.#reasonAndRemedy(channel, refusal));
        return;
      case "connect":
      case "remove-policy":
        return;
    }
  }

  /** Counts, logs and replies. Guests with old packet sizes read no replies. */
  #conclude(
    channel: Channel,
    frame: Uint8Array,
    request: Request,
    refusal: Refusal | undefined,
    limit?: Change["limit"],
  ): void {
    this.#parts.usage.asked(channel.vm, refusal, limit);
    if (refusal === undefined) channel.counters.granted++;
    else {
      channel.counters.refused++;
      const what =
        request.kind === "scale" ? `${request.action} for vCPU ${request.resource}` : "a guest policy";
      const reason = () => this.#reasonAndRemedy(channel, refusal);
      if (refusal.code !== "branch-ratio") this.#note(channel, `was refused ${what}`, reason);
      else if (this.#policies.firstByBranchRatio(channel.vm))
        this.#note(channel, `was refused ${what}`, reason, { about: `branch ratio of ${channel.vm}` });
    }
    if (readsReplies(frame.length)) channel.send(answer(frame, refusal === undefined));
  }

  /** Puts a guest policy in force. It is answered when the kernel has taken what it wants now. */
  #setPolicy(
    channel: Channel,
    frame: Uint8Array,
    request: { readonly kind: "set-policy"; readonly policy: GuestPolicy },
  ): Promise<void> | undefined {
    const refusal = this.#policies.set(channel, request.policy);
    if (!(refusal instanceof Promise)) {
      this.#conclude(channel, frame, request, refusal);
      return undefined;
    }
    const kept = frame.slice();
    return refusal.then((late) => this.#conclude(channel, kept, request, late));
  }

  /** A query that is refused gets no reply: the guest would take an ACK or NACK for the start of a list. */
  #query(channel: Channel, frame: Uint8Array, request: Query): void {
    const refuse = (reason: () => string) => this.#refuseQuery(channel, request, reason);
    const found = this.#parts.arbiter.answer(channel.vm, request);
    if (!found.ok) return refuse(() => this.#reasonAndRemedy(channel, found.why));
    if (!readsReplies(frame.length))
      return refuse(() => `guests of ${frame.length}-byte packets read no replies`);
    const resource = request.resource === "all" ? 0 : request.resource;
    const list =
      found.value.what === "frequency"
        ? frequencyList(resource, found.value.peerKhz, frame.length)
        : capabilityList(resource, found.value.capabilities, frame.length);
    channel.send(list);
    channel.counters.granted++;
  }

  #refuseQuery(channel: Channel, { what }: Query, reason: () => string): void {
    channel.counters.refused++;
    this.#note(channel, `was not told its ${what}`, reason);
  }

  /** No release of DPDK sends this query, so a refusal can be a NACK. */
  #energy(channel: Channel, frame: Uint8Array): void {
    const found = this.#parts.energyOf(channel.vm);
    if (!found.ok) return this.#refuseEnergy(channel, frame, () => found.why);
    if (readsReplies(frame.length)) channel.send(energyReply(found.value));
    channel.counters.granted++;
  }

  #refuseEnergy(channel: Channel, frame: Uint8Array, reason: () => string): void {
    channel.counters.refused++;
    this.#note(channel, "was not told its energy", reason);
    if (readsReplies(frame.length)) channel.send(answer(frame, false));
  }

  #reasonAndRemedy({ vm }: Channel, refusal: Refusal): string {
    const remedy = refusalRemedy(refusal, vm, this.#parts.pinRemedy);
    return remedy === undefined ? refusalText(refusal) : `${refusalText(refusal)} (${remedy})`;
  }

  /** Logs the result of a packet. The text is made only if the line is written. */
  #note(
    { vm, number }: Channel,
    what: string,
    reasonOf: () => string,
    { id = MESSAGE_IDS.requestRefused, about = vm }: { readonly id?: string; readonly about?: string } = {},
  ): void {
    this.#parts.log(about, "notice", () => {
      const reason = reasonOf();
      const fields = { MESSAGE_ID: id, VM: vm, CHANNEL: number, REASON: reason };
      return { message: `${vm} ${what}: ${reason}`, fields };
    });
  }
}
