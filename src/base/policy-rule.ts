/** The speeds that a guest policy can want: the highest, that in the middle of the table, the lowest. */
export const POLICY_SPEEDS = ["max", "medium", "min"] as const;

/** One of {@link POLICY_SPEEDS}. */
export type PolicySpeed = (typeof POLICY_SPEEDS)[number];

/** What decides in one hour of the day. */
export const HOUR_PLANS = ["max", "min", "traffic"] as const;

/** One of {@link HOUR_PLANS}. */
export type HourPlan = (typeof HOUR_PLANS)[number];

/** The number of hours in a {@link PolicyRule} by time. */
export const HOURS = 24;

/** The most MAC addresses of one policy, as in a guest's packet. */
export const POLICY_MACS_MAX = 10;

/** A MAC address in lower case, like `52:54:00:12:34:56`. */
export const MAC_PATTERN = /^[\da-f]{2}(?::[\da-f]{2}){5}$/;

/** By which traffic a speed is chosen. */
export interface TrafficRule {
  /** In lower case with colons, at most {@link POLICY_MACS_MAX}. */
  readonly macs: readonly string[];
  /** Received packets per second from which on a medium speed is wanted. */
  readonly avgPackets: number;
  /** Received packets per second from which on the highest speed is wanted. */
  readonly maxPackets: number;
}

/** A guest policy that was judged: how the host chooses the speed of some vCPUs without further requests. */
export type PolicyRule =
  | { readonly kind: "workload"; readonly speed: PolicySpeed }
  | { readonly kind: "traffic"; readonly traffic: TrafficRule }
  | {
      readonly kind: "time";
      /** The index is the hour; undefined where the policy wants nothing. */
      readonly plan: readonly (HourPlan | undefined)[];
      readonly traffic: TrafficRule;
    };

/** The traffic that a rule can depend on; undefined if it depends on none. */
export function trafficOf(rule: PolicyRule): TrafficRule | undefined {
  if (rule.kind === "workload") return undefined;
  if (rule.kind === "traffic") return rule.traffic;
  return rule.plan.includes("traffic") ? rule.traffic : undefined;
}
