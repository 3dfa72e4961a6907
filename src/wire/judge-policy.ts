import { MACS_MAX, VCPUS_MAX } from "./layout.ts";
import type { GuestPolicy } from "./packet.ts";

const TYPE_END = 4;
const WORKLOAD_END = 3;
const WORKLOAD = 2;
const TRAFFIC = 0;

/**
 * Returns why a guest policy is malformed, or undefined (vm-power-protocol(7), "GUEST POLICIES"). DPDK's host crashes on
 * some of these. Hours outside 0..23 are no fault, because old guests send arbitrary values there.
 */
export function judgePolicy(policy: GuestPolicy, vcpuEnd: number): string | undefined {
  if (policy.vcpuCount > VCPUS_MAX) return `names ${policy.vcpuCount} vCPUs, at most ${VCPUS_MAX} fit`;
  if (policy.vcpuCount === 0) return "names no vCPU";
  if (policy.macCount < 0 || policy.macCount > MACS_MAX)
    return `names ${policy.macCount} MAC addresses, at most ${MACS_MAX} fit`;
  if (policy.type >= TYPE_END) return `has the unknown type ${policy.type}`;
  if (policy.type === WORKLOAD && policy.workload >= WORKLOAD_END)
    return `has the unknown workload ${policy.workload}`;
  if (policy.type === TRAFFIC && policy.avgPackets > policy.maxPackets)
    return `has an average threshold (${policy.avgPackets}) above the maximum (${policy.maxPackets})`;
  const stray = policy.physical ? undefined : policy.vcpus.find((vcpu) => vcpu >= vcpuEnd);
  return stray === undefined ? undefined : `names vCPU ${stray}, the VM has ${vcpuEnd}`;
}
