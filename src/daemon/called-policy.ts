import { HOURS, type HourPlan, type PolicyRule } from "../base/policy-rule.ts";

/** The speed that each workload wants, as with DPDK's host. */
const WORKLOAD_SPEEDS = { high: "max", medium: "medium", low: "min" } as const;

/** A guest policy as the calls of operators and applications describe it. */
interface CalledPolicy {
  readonly kind: PolicyRule["kind"];
  readonly workload?: keyof typeof WORKLOAD_SPEEDS | undefined;
  readonly busyHours?: readonly number[] | undefined;
  readonly quietHours?: readonly number[] | undefined;
  readonly trafficHours?: readonly number[] | undefined;
  readonly macs?: readonly string[] | undefined;
  /** Packets per second. */
  readonly avgPackets?: number | undefined;
  readonly maxPackets?: number | undefined;
}

/** Makes the rule of a call. `wrong` throws for the parameter of a rule that could never want anything, which is a slip. */
export function ruleOfCall(call: CalledPolicy, wrong: (parameter: keyof CalledPolicy) => never): PolicyRule {
  const { kind, workload, busyHours = [], quietHours = [], trafficHours = [], macs = [] } = call;
  const { avgPackets = 0, maxPackets = 0 } = call;
  if (kind === "workload")
    return { kind, speed: workload === undefined ? wrong("workload") : WORKLOAD_SPEEDS[workload] };
  const byTraffic = kind === "traffic" || trafficHours.length > 0;
  if (byTraffic && macs.length === 0) wrong("macs");
  if (byTraffic && avgPackets > maxPackets) wrong("avgPackets");
  const traffic = { macs, avgPackets, maxPackets };
  if (kind === "traffic") return { kind, traffic };
  const plan: (HourPlan | undefined)[] = new Array(HOURS).fill(undefined);
  for (const hour of trafficHours) plan[hour] = "traffic";
  for (const hour of quietHours) plan[hour] = "min";
  for (const hour of busyHours) plan[hour] = "max";
  if (plan.every((part) => part === undefined)) wrong("busyHours");
  return { kind, plan, traffic };
}
