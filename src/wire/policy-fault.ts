import { MACS_MAX, VCPUS_MAX } from "./layout.ts";

/** Why a guest policy is malformed. */
export type PolicyFault =
  | { readonly code: "no-vcpu" }
  | { readonly code: "vcpu-count"; readonly count: number }
  | { readonly code: "mac-count"; readonly count: number }
  | { readonly code: "no-mac" }
  | { readonly code: "unknown-type"; readonly type: number }
  | { readonly code: "unknown-workload"; readonly workload: number }
  | { readonly code: "crossed-thresholds"; readonly avgPackets: number; readonly maxPackets: number };

/** Describes a fault as the end of a sentence whose subject is the policy. */
export function policyFaultText(fault: PolicyFault): string {
  switch (fault.code) {
    case "no-vcpu":
      return "names no vCPU";
    case "vcpu-count":
      return `names ${fault.count} vCPUs, at most ${VCPUS_MAX} fit`;
    case "mac-count":
      return `names ${fault.count} MAC addresses, at most ${MACS_MAX} fit`;
    case "no-mac":
      return "depends on traffic and names no MAC address";
    case "unknown-type":
      return `has the unknown type ${fault.type}`;
    case "unknown-workload":
      return `has the unknown workload ${fault.workload}`;
    case "crossed-thresholds":
      return `has an average threshold (${fault.avgPackets}) above the maximum (${fault.maxPackets})`;
  }
}
