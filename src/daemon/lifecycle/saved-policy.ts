import type { SavedPolicy } from "../../arbiter/policy-view.ts";
import { isRecord } from "../../base/is-record.ts";
import { POLICY_KINDS } from "../../base/policy-kind.ts";
import {
  HOUR_PLANS,
  HOURS,
  MAC_PATTERN,
  POLICY_MACS_MAX,
  POLICY_SPEEDS,
  type PolicyRule,
  type TrafficRule,
} from "../../base/policy-rule.ts";

/** Whether a value from a file is a saved guest policy. */
export function isSavedPolicy(value: unknown): value is SavedPolicy {
  if (!isRecord(value)) return false;
  const { vm, rule, resources, physical, by, atMs, speed, turbo } = value;
  return (
    typeof vm === "string" &&
    isRule(rule) &&
    Array.isArray(resources) &&
    resources.every(isCount) &&
    typeof physical === "boolean" &&
    (by === undefined || typeof by === "string") &&
    isCount(atMs) &&
    (speed === undefined || isSpeed(speed)) &&
    (turbo === undefined || (Array.isArray(turbo) && turbo.every(isTurbo)))
  );
}

function isRule(value: unknown): value is PolicyRule {
  if (!isRecord(value)) return false;
  const { kind, speed, traffic, plan } = value;
  if (!POLICY_KINDS.some((known) => known === kind)) return false;
  if (kind === "workload") return isSpeed(speed);
  return isTraffic(traffic) && (kind === "traffic" || isPlan(plan));
}

/** JSON has null for an hour in which nothing is wanted. */
function isPlan(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== HOURS) return false;
  value.forEach((hour, i) => {
    if (hour === null) value[i] = undefined;
  });
  return value.every((hour) => hour === undefined || HOUR_PLANS.some((plan) => plan === hour));
}

function isTraffic(value: unknown): value is TrafficRule {
  if (!isRecord(value)) return false;
  const { macs, avgPackets, maxPackets } = value;
  return (
    Array.isArray(macs) &&
    macs.length <= POLICY_MACS_MAX &&
    macs.every((mac) => typeof mac === "string" && MAC_PATTERN.test(mac)) &&
    isCount(avgPackets) &&
    isCount(maxPackets)
  );
}

function isSpeed(value: unknown): boolean {
  return POLICY_SPEEDS.some((speed) => speed === value);
}

function isTurbo(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && isCount(value[0]) && typeof value[1] === "boolean";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
