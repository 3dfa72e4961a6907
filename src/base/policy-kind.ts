/** The guest policies that are carried out. */
export const POLICY_KINDS = ["time", "workload", "traffic"] as const;

/** One of {@link POLICY_KINDS}. */
export type PolicyKind = (typeof POLICY_KINDS)[number];
