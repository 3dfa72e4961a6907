import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { PolicyOrder } from "../../arbiter/policy-view.ts";
import type { Refusal } from "../../arbiter/view.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { Channel } from "../../channels/channel.ts";
import { judgePolicy } from "../../wire/judge-policy.ts";
import type { GuestPolicy } from "../../wire/packet.ts";
import { policyRule } from "../../wire/policy-rule.ts";
import type { Events } from "../events/events.ts";
import type { Clocks, Performed } from "../host/clocks.ts";
import type { PolicyClock } from "../local-hours.ts";

/** VMs that are remembered to have sent a policy by branch ratio; past it all are told of once more. */
const REMEMBERED_MAX = 4096;

/** What {@link GuestPolicyPackets} needs. */
interface Needed {
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly events: Events;
  readonly moment: PolicyClock;
  /** Called when a policy has come into force, which may depend on traffic. Measures nothing by itself. */
  readonly trafficConcerned: () => void;
}

/** Judges the policies that guests send, and puts them in force. The name inside a packet is not looked at. */
export class GuestPolicyPackets {
  readonly #parts: Needed;
  readonly #byBranchRatio = new Set<string>();

  constructor(parts: Needed) {
    this.#parts = parts;
  }

  /** Returns why a policy is refused: at once, or with a slow back end later. Undefined if it is in force. */
  set(channel: Channel, policy: GuestPolicy): Refusal | undefined | Promise<Refusal | undefined> {
    const { arbiter, clocks, moment } = this.#parts;
    const order = orderOf(policy);
    if (!order.ok) return this.#told(channel, order.why);
    const change = arbiter.policies.set(channel.vm, order.value, moment());
    channel.counters.writes += change.writes.length;
    const done = (refused: Performed): Refusal | undefined => {
      if (refused === undefined) {
        if (change.refusal === undefined) this.#parts.trafficConcerned();
        return this.#told(channel, change.refusal);
      }
      channel.counters.writesRefused++;
      return this.#told(channel, { code: "kernel-refused", reason: refused.reason });
    };
    const performed = clocks.perform(change);
    return performed instanceof Promise ? performed.then(done) : done(performed);
  }

  /** Ends the policy that the VM's guest sent. No reply is expected. */
  remove({ vm }: Channel): void {
    const { arbiter, clocks, events } = this.#parts;
    if (!arbiter.policies.list(vm).some(({ by }) => by === undefined)) return;
    clocks.settle(arbiter.policies.remove(vm), `the end of ${vm}'s policy`);
    events.publish("policy", `${vm} removed its guest policy`, { vm });
  }

  /** Whether a VM's policy by branch ratio is to be logged: the first one is. */
  firstByBranchRatio(vm: string): boolean {
    if (this.#byBranchRatio.has(vm)) return false;
    if (this.#byBranchRatio.size >= REMEMBERED_MAX) this.#byBranchRatio.clear();
    this.#byBranchRatio.add(vm);
    return true;
  }

  #told({ vm }: Channel, refusal: Refusal | undefined): Refusal | undefined {
    const { events, moment } = this.#parts;
    if (events.wanted) events.policy(vm, refusal, moment().now);
    return refusal;
  }
}

/** The rule of a policy and the CPUs that it names, or why it is refused. */
function orderOf(policy: GuestPolicy): Result<PolicyOrder, Refusal> {
  const fault = judgePolicy(policy);
  if (fault !== undefined) return failure({ code: "policy-fault", fault });
  const rule = policyRule(policy);
  if (rule === undefined) return failure({ code: "branch-ratio" });
  return success({ rule, resources: policy.vcpus, physical: policy.physical, by: undefined });
}
