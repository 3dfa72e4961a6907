import type { LocalHour } from "../base/local-hour.ts";
import type { Now } from "../base/now.ts";
import type { PolicyRule, PolicySpeed } from "../base/policy-rule.ts";

// Guest policies as they go into the arbiter and come out of it.

/** The time of a decision about guest policies, and the hour of the day at that time. */
export interface PolicyMoment {
  readonly now: Now;
  readonly local: LocalHour;
}

/** A guest policy to be put in force. */
export interface PolicyOrder {
  readonly rule: PolicyRule;
  /** vCPUs, or with `physical` pCPUs. */
  readonly resources: readonly number[];
  readonly physical: boolean;
  /** The operator who added it; undefined for the guest itself. */
  readonly by: string | undefined;
}

/** A guest policy in force. */
export interface PolicyView extends PolicyOrder {
  /** Its number among the policies since the start of the daemon. */
  readonly id: number;
  readonly vm: string;
  /** On the wall clock. */
  readonly atMs: number;
  /** What it wants now; undefined while it wants nothing. */
  readonly speed: PolicySpeed | undefined;
  /** The smoothed rate that was measured for it; undefined if none is known. */
  readonly packetsPerSecond: number | undefined;
  /** Whether the domain's contract allows policies of its kind. */
  readonly isAllowed: boolean;
}

/** A guest policy in a form that the next daemon can read. */
export interface SavedPolicy extends PolicyOrder {
  readonly vm: string;
  /** On the wall clock. */
  readonly atMs: number;
  /** The speed that its traffic had led to; undefined if none was known. */
  readonly speed: PolicySpeed | undefined;
  /** Whether turbo was on, by vCPU or pCPU. An older daemon does not say. */
  readonly turbo?: readonly (readonly [resource: number, isOn: boolean])[] | undefined;
}
