import { isRecord } from "../../base/is-record.ts";

/** An operator's order that puts VMs into a state of the configuration, or takes them out of one. */
export interface StateOrder {
  /** The name or pattern of the VMs, also of those that will come. */
  readonly vms: string;
  /** Undefined: in no state, although an earlier order is for these VMs too. */
  readonly state?: string;
  readonly who: string;
  /** On the wall clock. */
  readonly atMs: number;
  readonly reason?: string;
}

/** Whether a value that was read from our file is such an order. */
export function isStateOrder(value: unknown): value is StateOrder {
  if (!isRecord(value)) return false;
  const { vms, state, who, atMs, reason } = value;
  return (
    [vms, state ?? "", who, reason ?? ""].every((each) => typeof each === "string") &&
    typeof atMs === "number"
  );
}
