/** Scale actions, in the order of their units 1 to 6 (vm-power-protocol(7), "Scale actions"). */
export const SCALE_ACTIONS = ["up", "down", "max", "min", "turbo", "no-turbo"] as const;

/** One of {@link SCALE_ACTIONS}. */
export type ScaleAction = (typeof SCALE_ACTIONS)[number];

/** A decoded packet of a guest. The channel tells which VM sent it; `vmName` is a field of the packet and proves nothing. */
export type Request =
  | { readonly kind: "connect" }
  | Scale
  | { readonly kind: "set-policy"; readonly policy: GuestPolicy }
  | { readonly kind: "remove-policy"; readonly vmName: string }
  | { readonly kind: "energy" }
  | Query;

/** A request to scale one CPU. */
export interface Scale {
  readonly kind: "scale";
  /** A vCPU, or with `physical` a pCPU. */
  readonly resource: number;
  readonly action: ScaleAction;
  readonly physical: boolean;
}

/** A query for frequencies or capabilities, of one vCPU or of all. */
export interface Query {
  readonly kind: "query";
  readonly what: "frequency" | "capabilities";
  readonly resource: number | "all";
  readonly vmName: string;
}

/** DPDK's PKT_POLICY, with the numbers that the guest sent; `judgePolicy()` checks them. */
export interface GuestPolicy {
  readonly vmName: string;
  readonly resource: number;
  /** As many as `macCount` says, at most 10; six bytes each. */
  readonly macs: readonly Uint8Array[];
  readonly macCount: number;
  readonly minPackets: number;
  readonly avgPackets: number;
  readonly maxPackets: number;
  /** As many as `vcpuCount` says, at most 8. */
  readonly vcpus: readonly number[];
  readonly vcpuCount: number;
  /** All 24 slots, as signed numbers. */
  readonly busyHours: readonly number[];
  readonly quietHours: readonly number[];
  readonly trafficHours: readonly number[];
  readonly physical: boolean;
  /** 0 high, 1 medium, 2 low. */
  readonly workload: number;
  /** 0 traffic, 1 time, 2 workload, 3 branch ratio. */
  readonly type: number;
}

/** A packet that is no request of any release. */
export interface Malformed {
  readonly kind: "malformed";
  readonly reason: string;
}
