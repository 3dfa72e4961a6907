import type { PolicyOrder } from "../../src/arbiter/policy-view.ts";
import type { Contract } from "../../src/arbiter/view.ts";
import type { LocalHour } from "../../src/base/local-hour.ts";
import type { HourPlan, PolicyRule, PolicySpeed } from "../../src/base/policy-rule.ts";
import { at, clock, domain, FREE, host } from "./fixture.ts";

export const HOUR_MS = 3_600_000;

/** A moment at this hour of a day in UTC. */
export function moment(hour: number) {
  const local: LocalHour = { hour: hour % 24, endsAtMs: (hour + 1) * HOUR_MS };
  return { now: at(hour * HOUR_MS), local };
}

export function order(
  rule: PolicyRule,
  resources: readonly number[] = [0],
  options: Partial<PolicyOrder> = {},
) {
  return { rule, resources, physical: false, by: undefined, ...options };
}

export const workload = (speed: PolicySpeed): PolicyRule => ({ kind: "workload", speed });

export function time(hours: Readonly<Record<number, HourPlan>>): PolicyRule {
  const plan = Array.from({ length: 24 }, (_, hour) => hours[hour]);
  return { kind: "time", plan, traffic: { macs: [], avgPackets: 0, maxPackets: 0 } };
}

export const TRAFFIC: PolicyRule = {
  kind: "traffic",
  traffic: { macs: ["52:54:00:12:34:56"], avgPackets: 1000, maxPackets: 2000 },
};

/** One VM with its vCPUs on CPUs of their own. */
export function vm(vcpus = 1, contract: Contract = FREE, table?: Parameters<typeof clock>[1]) {
  const played = host(Array.from({ length: vcpus }, (_, cpu) => clock([cpu], table)));
  const pins = Array.from({ length: vcpus }, (_, cpu) => [cpu]);
  played.set(domain("a", pins), contract);
  const { arbiter, done } = played;
  return {
    ...played,
    policy(rule: PolicyRule, resources?: readonly number[], options: Partial<PolicyOrder> = {}) {
      const change = arbiter.policies.set("a", order(rule, resources, options), moment(0));
      return change.refusal?.code ?? done(change);
    },
    hour: (hour: number) => done(arbiter.tick(moment(hour).now, moment(hour).local)),
    khz: (cpu = 0) => arbiter.clock(cpu)?.speed?.khz ?? "baseline",
  };
}
