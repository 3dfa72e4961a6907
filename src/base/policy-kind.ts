/** The kinds of guest policies that a contract can allow. */
export const POLICY_KINDS = ["time", "workload", "traffic"] as const;

/** One of {@link POLICY_KINDS}. */
export type PolicyKind = (typeof POLICY_KINDS)[number];
