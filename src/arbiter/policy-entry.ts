import type { LocalHour } from "../base/local-hour.ts";
import { type PolicyRule, type PolicySpeed, trafficOf } from "../base/policy-rule.ts";
import type { PolicyOrder, PolicyView, SavedPolicy } from "./policy-view.ts";
import { TrafficGauge } from "./traffic-gauge.ts";

/** One guest policy in force. */
export class PolicyEntry {
  readonly id: number;
  readonly order: PolicyOrder;
  /** On the wall clock. */
  readonly atMs: number;
  /** Whether turbo was on when it wanted something last, by vCPU, or with `physical` by pCPU. */
  readonly turbo: Map<number, boolean>;
  #gauge: TrafficGauge | undefined;
  #speed: PolicySpeed | undefined;

  constructor(id: number, order: PolicyOrder, { atMs, turbo = [] }: Pick<SavedPolicy, "atMs" | "turbo">) {
    this.id = id;
    this.order = order;
    this.atMs = atMs;
    this.turbo = new Map(turbo);
    const traffic = trafficOf(order.rule);
    this.#gauge = traffic && new TrafficGauge(traffic);
  }

  /** What is measured for it; undefined if it does not depend on traffic. */
  get gauge(): TrafficGauge | undefined {
    return this.#gauge;
  }

  /** Goes on with the measurements of the policy that it replaces, if it depends on the same traffic. */
  inherit(before: PolicyEntry | undefined): void {
    const [ours, theirs] = [this, before].map(
      (entry) => entry && JSON.stringify(trafficOf(entry.order.rule)),
    );
    if (ours !== undefined && ours === theirs) this.#gauge = before?.gauge;
  }

  /** What it wants now; undefined while it wants nothing. */
  get speed(): PolicySpeed | undefined {
    return this.#speed;
  }

  /** Whether it names this vCPU, or with `physical` this pCPU. */
  names(resource: number, physical: boolean): boolean {
    return this.order.physical === physical && this.order.resources.includes(resource);
  }

  /** Whether the packet rate decides in this hour. */
  needsTraffic({ hour }: LocalHour): boolean {
    const { rule } = this.order;
    return rule.kind === "traffic" || (rule.kind === "time" && rule.plan[hour] === "traffic");
  }

  /** Computes again what it wants. Returns whether that has changed. */
  turn(local: LocalHour): boolean {
    const before = this.#speed;
    this.#speed = this.#speedIn(this.order.rule, local);
    return this.#speed !== before;
  }

  view(vm: string, isAllowed: boolean): PolicyView {
    const { id, order, atMs, speed, gauge } = this;
    const wants = isAllowed ? speed : undefined;
    return { id, vm, ...order, atMs, speed: wants, packetsPerSecond: gauge?.packetsPerSecond, isAllowed };
  }

  saved(vm: string): SavedPolicy {
    return { vm, ...this.order, atMs: this.atMs, speed: this.gauge?.speed, turbo: [...this.turbo] };
  }

  #speedIn(rule: PolicyRule, { hour }: LocalHour): PolicySpeed | undefined {
    if (rule.kind === "workload") return rule.speed;
    if (rule.kind === "traffic") return this.gauge?.speed;
    const plan = rule.plan[hour];
    return plan === "traffic" ? this.gauge?.speed : plan;
  }
}
