import type { Arbiter } from "../arbiter/arbiter.ts";
import type { Decision } from "../arbiter/ask.ts";
import { capabilities, frequencies } from "../arbiter/queries.ts";
import { GUEST_POLICIES_OFF, type Refusal } from "../arbiter/refusal.ts";
import { LineLimiter } from "../base/line-limiter.ts";
import type { Log } from "../base/log.ts";
import { MESSAGE_IDS } from "../base/message-id.ts";
import type { Channel } from "../channels/channel.ts";
import { decode } from "../wire/decode.ts";
import { judgePolicy } from "../wire/judge-policy.ts";
import type { GuestPolicy, Query, Request, Scale } from "../wire/packet.ts";
import { answer, capabilityList, frequencyList, readsReplies } from "../wire/reply.ts";
import type { Clocks } from "./clocks.ts";
import type { Events } from "./events.ts";
import { grantOf } from "./grant.ts";
import type { Meters } from "./meters.ts";
import type { Recordings } from "./recordings.ts";
import { SecondLooks } from "./second-looks.ts";

/** What handling a packet needs. */
export interface PacketPath {
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly events: Events;
  readonly log: Log;
  readonly meters: Meters;
  readonly recordings: Recordings;
  /** Has the hypervisor asked for a VM again, some time later. */
  readonly lookAgain: (vm: string) => void;
}

/** Of each channel's packets one in so many is measured, beginning with its first: reading a clock costs, too. */
const MEASURED_ONE_IN = 8;

/** Makes the way of a packet: judge, decide, do, answer; synchronous, in one turn. */
export function packetPath({ arbiter, clocks, events, log, meters, recordings, lookAgain }: PacketPath) {
  const limiter = new LineLimiter();
  const secondLooks = new SecondLooks(lookAgain);

  return function packet(channel: Channel, frame: Uint8Array): void {
    if (!channel.enabled) return;
    if (recordings.wanted) recordings.take(channel, frame);
    if (channel.counters.requests % MEASURED_ONE_IN !== 0) return handle(channel, frame);
    const beganMs = performance.now();
    handle(channel, frame);
    meters.of(channel.vm).latency.observe((performance.now() - beganMs) * 1e6);
  };

  function handle(channel: Channel, frame: Uint8Array): void {
    const request = decode(frame);
    if (request.kind === "connect") return;
    channel.counters.requests++;
    switch (request.kind) {
      case "scale": {
        const { refusal } = scale(channel, request);
        return conclude(channel, frame, refusal, request);
      }
      case "set-policy": {
        const refusal = judge(channel, request.policy);
        if (events.wanted) events.policy(channel.vm, refusal);
        return conclude(channel, frame, refusal, request);
      }
      case "query":
        return query(channel, frame, request);
      case "remove-policy":
        return;
      case "malformed":
        channel.counters.malformed++;
        note(channel, "sent a malformed packet", request.reason, MESSAGE_IDS.malformed);
    }
  }

  function scale(channel: Channel, request: Scale): Decision {
    const nowMs = Date.now();
    if (!request.physical) meters.of(channel.vm).asked(request.resource);
    const decision = arbiter.scale(channel.vm, request, nowMs);
    channel.counters.writes += decision.writes.length;
    if (decision.dry === true) noteDry(channel, request);
    if (decision.refusal?.code === "vcpu-offline") secondLooks.offline(channel.vm, nowMs);
    const refused = clocks.apply(decision.writes);
    const result = refused === undefined ? decision : arbiter.undo(channel.vm, request, refused.reason);
    if (result !== decision) {
      channel.counters.writesRefused++;
      clocks.settle(result.writes, `undoing a request of ${channel.vm}`);
    }
    if (events.wanted) events.request(channel.vm, request, result.refusal, nowMs);
    return result;
  }

  /** Counts, logs and answers; guests of the old packet sizes read no answers. */
  function conclude(
    channel: Channel,
    frame: Uint8Array,
    refusal: Refusal | undefined,
    request: Request,
  ): void {
    if (refusal === undefined) channel.counters.granted++;
    else {
      channel.counters.refused++;
      const what =
        request.kind === "scale" ? `${request.action} for vCPU ${request.resource}` : "a guest policy";
      const remedy = refusal.remedy === undefined ? "" : ` (${refusal.remedy})`;
      note(channel, `was refused ${what}`, `${refusal.reason}${remedy}`);
    }
    if (readsReplies(frame.length)) channel.send(answer(frame, refusal === undefined));
  }

  function judge(channel: Channel, policy: GuestPolicy): Refusal {
    const vcpuEnd = arbiter.domains.get(channel.vm)?.vcpus.length ?? 0;
    const fault = judgePolicy(policy, vcpuEnd);
    return fault === undefined
      ? GUEST_POLICIES_OFF
      : { ...GUEST_POLICIES_OFF, reason: `the guest policy ${fault}` };
  }

  /** Silence is the only refusal of a query: the guest would take an ACK or NACK for the start of a list. */
  function query(channel: Channel, frame: Uint8Array, request: Query): void {
    const state = arbiter.domains.get(channel.vm);
    const refuse = (reason: string) => {
      channel.counters.refused++;
      note(channel, `was not told its ${request.what}`, reason);
    };
    if (state === undefined) return refuse("the VM is not known");
    if (!state.contract.query) return refuse(`queries are off (vmpowerctl set-query ${channel.vm} enable)`);
    if (!readsReplies(frame.length)) return refuse(`guests of ${frame.length}-byte packets read no replies`);
    const resource = request.resource === "all" ? 0 : request.resource;
    const what = request.what === "frequency" ? frequencies(state, request) : undefined;
    const caps = request.what === "capabilities" ? capabilities(state, request) : undefined;
    if (what !== undefined) channel.send(frequencyList(resource, what, frame.length));
    else if (caps !== undefined) channel.send(capabilityList(resource, caps, frame.length));
    else return refuse(`vCPU ${resource} cannot be asked for, or has no managed CPU`);
    channel.counters.granted++;
  }

  function noteDry(channel: Channel, request: Scale): void {
    const allowed = limiter.allow(channel.vm, Date.now());
    if (allowed === undefined) return;
    const { khz } = grantOf(arbiter, channel.vm, request);
    const would = khz === undefined ? "its CPU's own settings" : `${khz} kHz`;
    const what = `${request.action} for vCPU ${request.resource}`;
    log.info(`${channel.vm} asked ${what}: ${would} would hold, but this is a dry run`, {
      MESSAGE_ID: MESSAGE_IDS.dryRun,
      VM: channel.vm,
      ...(khz === undefined ? {} : { NEW_KHZ: khz }),
    });
  }

  function note(
    channel: Channel,
    what: string,
    reason: string,
    id: string = MESSAGE_IDS.requestRefused,
  ): void {
    const allowed = limiter.allow(channel.vm, Date.now());
    if (allowed === undefined) return;
    const more = allowed.suppressed === 0 ? "" : ` (${allowed.suppressed} more such lines left out)`;
    log.notice(`${channel.vm} ${what}: ${reason}${more}`, {
      MESSAGE_ID: id,
      VM: channel.vm,
      CHANNEL: channel.number,
      REASON: reason,
    });
  }
}
