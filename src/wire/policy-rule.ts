import {
  HOURS,
  type HourPlan,
  POLICY_SPEEDS,
  type PolicyRule,
  type TrafficRule,
} from "../base/policy-rule.ts";
import { TIME, TRAFFIC, WORKLOAD } from "./judge-policy.ts";
import type { GuestPolicy } from "./packet.ts";

/** What `vm-power-guest` sends in a slot that is not used (vm-power-protocol(7), "GUEST POLICIES"). */
const UNUSED_HOUR = -1;

/**
 * Returns the rule of a guest policy that `judgePolicy()` found no fault with; undefined for one by branch ratio, which
 * needs the performance counters of the CPU.
 */
export function policyRule(policy: GuestPolicy): PolicyRule | undefined {
  const { type } = policy;
  if (type === TRAFFIC) return { kind: "traffic", traffic: trafficRule(policy) };
  if (type === TIME) return { kind: "time", plan: dayPlan(policy), traffic: trafficRule(policy) };
  return type === WORKLOAD ? { kind: "workload", speed: POLICY_SPEEDS[policy.workload] ?? "min" } : undefined;
}

function trafficRule({ macs, avgPackets, maxPackets }: GuestPolicy): TrafficRule {
  return { macs: [...new Set(macs.map(macText))], avgPackets, maxPackets };
}

function macText(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * The plan of a day. DPDK's host compares the slots of the three arrays one index after the other, busy hours first, so
 * the first slot that names an hour decides it.
 */
function dayPlan({ busyHours, quietHours, trafficHours }: GuestPolicy): (HourPlan | undefined)[] {
  const plan: (HourPlan | undefined)[] = new Array(HOURS).fill(undefined);
  const arrays: readonly (readonly [HourPlan, readonly number[]])[] = [
    ["max", used(busyHours)],
    ["min", used(quietHours)],
    ["traffic", used(trafficHours)],
  ];
  for (const slot of busyHours.keys())
    for (const [what, hours] of arrays) {
      const hour = hours[slot];
      if (isHour(hour)) plan[hour] ??= what;
    }
  return plan;
}

/**
 * The slots up to the last one that is known to be used. DPDK's library leaves 0 in slots behind it, and old releases
 * leave arbitrary values: a zero there does not mean midnight.
 */
function used(hours: readonly number[]): readonly number[] {
  const last = hours.findLastIndex((hour) => (isHour(hour) && hour > 0) || hour === UNUSED_HOUR);
  return hours.slice(0, last + 1);
}

function isHour(hour: number | undefined = UNUSED_HOUR): hour is number {
  return hour >= 0 && hour < HOURS;
}
