import { MACS_MAX, VCPUS_MAX } from "./layout.ts";
import type { GuestPolicy } from "./packet.ts";
import type { PolicyFault } from "./policy-fault.ts";

/** Values of the field `policy_to_use` (vm-power-protocol(7), "GUEST POLICIES"). */
export const TRAFFIC = 0;
export const TIME = 1;
export const WORKLOAD = 2;

const TYPE_END = 4;
const WORKLOAD_END = 3;

/**
 * Returns why a guest policy is malformed, or undefined (vm-power-protocol(7), "GUEST POLICIES"). DPDK's host crashes on
 * some of these. Hours outside 0..23 are no fault, because old guests send arbitrary values there. Whether the VM has
 * the vCPUs is not known here.
 */
export function judgePolicy(policy: GuestPolicy): PolicyFault | undefined {
  const { vcpuCount, macCount, type, workload, avgPackets, maxPackets } = policy;
  if (vcpuCount > VCPUS_MAX) return { code: "vcpu-count", count: vcpuCount };
  if (vcpuCount === 0) return { code: "no-vcpu" };
  if (macCount < 0 || macCount > MACS_MAX) return { code: "mac-count", count: macCount };
  if (type >= TYPE_END) return { code: "unknown-type", type };
  if (type === WORKLOAD && workload >= WORKLOAD_END) return { code: "unknown-workload", workload };
  if (type !== TRAFFIC) return undefined;
  if (macCount === 0) return { code: "no-mac" };
  return avgPackets > maxPackets ? { code: "crossed-thresholds", avgPackets, maxPackets } : undefined;
}
