import type { Policy } from "../../admin/control-types.ts";
import type { PolicyView } from "../../arbiter/policy-view.ts";
import { type HourPlan, trafficOf } from "../../base/policy-rule.ts";

/** A guest policy as the control interface shows it. */
export function policyView(policy: PolicyView): Policy {
  const { id, vm, by, atMs, rule, resources, physical, speed, isAllowed, packetsPerSecond } = policy;
  const hoursOf = (what: HourPlan) =>
    rule.kind === "time" ? rule.plan.flatMap((part, hour) => (part === what ? [hour] : [])) : undefined;
  return {
    ...{ id, vm, by, atMs, kind: rule.kind, vcpus: resources, physical, wants: speed, allowed: isAllowed },
    busyHours: hoursOf("max"),
    quietHours: hoursOf("min"),
    trafficHours: hoursOf("traffic"),
    ...trafficOf(rule),
    packetsPerSecond,
  };
}
