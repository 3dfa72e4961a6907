import { judgePolicy } from "../../wire/judge-policy.ts";
import { HOURS_MAX, VM_NAME_SIZE } from "../../wire/layout.ts";
import type { GuestPolicy } from "../../wire/packet.ts";
import { policyFaultText } from "../../wire/policy-fault.ts";
import { type Failure, failure } from "./outcome.ts";

/** How the host chooses the speed. The index is the number in the packet. */
export const POLICY_TYPES = ["traffic", "time", "workload", "branch-ratio"] as const;

/** The workload. The index is the number in the packet. */
export const WORKLOADS = ["high", "medium", "low"] as const;

/** A rule by which the host sets the speed of some vCPUs. Fields that are left out have no effect. */
export interface Policy {
  readonly type: (typeof POLICY_TYPES)[number];
  /** At most 8. */
  readonly vcpus: readonly number[];
  /** Hours of the host's day with the highest speed. */
  readonly busyHours?: readonly number[];
  /** Hours with the lowest speed. */
  readonly quietHours?: readonly number[];
  /** Hours in which the traffic decides. */
  readonly trafficHours?: readonly number[];
  readonly workload?: (typeof WORKLOADS)[number];
  /** MAC addresses whose traffic counts, like `52:54:00:12:34:56`; at most 10. */
  readonly macs?: readonly string[];
  /** Packets per second. No host uses the minimum. */
  readonly minPackets?: number;
  /** Packets per second from which on a medium speed is set. */
  readonly avgPackets?: number;
  /** Packets per second from which on the highest speed is set. */
  readonly maxPackets?: number;
  /** Whether `vcpus` are CPUs of the host; most hosts refuse that. */
  readonly physical?: boolean;
}

/** The value of an unused slot. DPDK's host takes 0 for midnight, and uses the first slot that fits. */
const NO_HOUR = -1;

/** vCPUs are single bytes in the packet. */
const VCPU_END = 256;
const U32_MAX = 0xffff_ffff;

/** Makes the packet of a policy, or returns what is wrong with it. */
export function toGuestPolicy(policy: Policy, vmName: string): GuestPolicy | Failure {
  const macs = (policy.macs ?? []).map(macBytes);
  const hours = [policy.busyHours ?? [], policy.quietHours ?? [], policy.trafficHours ?? []] as const;
  const packets = [policy.minPackets ?? 0, policy.avgPackets ?? 0, policy.maxPackets ?? 0] as const;
  const wrongMac = policy.macs?.find((_, i) => macs[i] === undefined);
  if (wrongMac !== undefined) return invalid(`"${wrongMac}" is not a MAC address like 52:54:00:12:34:56`);
  const wrongHour = hours.flat().find((hour) => !isWithin(hour, HOURS_MAX - 1));
  if (wrongHour !== undefined) return invalid(`${wrongHour} is not an hour from 0 to 23`);
  if (hours.some((list) => list.length > HOURS_MAX))
    return invalid(`A list of hours has at most ${HOURS_MAX}`);
  const wrongPackets = packets.find((number) => !isWithin(number, U32_MAX));
  if (wrongPackets !== undefined) return invalid(`${wrongPackets} is not a number of packets per second`);
  if (!policy.vcpus.every((vcpu) => isWithin(vcpu, VCPU_END - 1)))
    return invalid(`vCPUs of a policy are from 0 to ${VCPU_END - 1}`);
  const nameProblem = judgeVmName(vmName);
  if (nameProblem !== undefined) return nameProblem;
  const onWire: GuestPolicy = {
    vmName,
    resource: 0,
    macs: macs.filter((mac) => mac !== undefined),
    macCount: macs.length,
    minPackets: packets[0],
    avgPackets: packets[1],
    maxPackets: packets[2],
    vcpus: policy.vcpus,
    vcpuCount: policy.vcpus.length,
    busyHours: slots(hours[0]),
    quietHours: slots(hours[1]),
    trafficHours: slots(hours[2]),
    physical: policy.physical === true,
    workload: WORKLOADS.indexOf(policy.workload ?? "low"),
    type: POLICY_TYPES.indexOf(policy.type),
  };
  const fault = judgePolicy(onWire);
  return fault === undefined ? onWire : invalid(`The policy ${policyFaultText(fault)}`);
}

/** DPDK's host finds a VM by the name in the packet, so a name that was cut could be that of another VM. */
export function judgeVmName(vmName: string): Failure | undefined {
  if (/^[\x21-\x7e]+$/.test(vmName) && vmName.length < VM_NAME_SIZE) return undefined;
  return invalid(`The VM name "${vmName}" is not 1 to ${VM_NAME_SIZE - 1} letters that fit into a packet`);
}

function slots(hours: readonly number[]): number[] {
  return Array.from({ length: HOURS_MAX }, (_, slot) => hours[slot] ?? NO_HOUR);
}

function macBytes(text: string): Uint8Array | undefined {
  if (!/^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(":"), (byte) => Number.parseInt(byte, 16));
}

function isWithin(number: number, max: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= max;
}

function invalid(reason: string): Failure {
  return failure("invalid", reason);
}
