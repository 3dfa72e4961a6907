import * as layout from "./layout.ts";
import { u32, u64 } from "./layout.ts";
import { type GuestPolicy, type Malformed, type Request, SCALE_ACTIONS } from "./packet.ts";

/** Reads one packet of a guest, whose length is an {@link layout.Abi} (vm-power-protocol(7), "PACKETS"). Never throws. */
export function decode(frame: Uint8Array): Request | Malformed {
  const command = u32(frame, layout.COMMAND);
  if (command === layout.CPU_POWER) return decodeScale(frame);
  if (command === layout.CONNECT) return CONNECT;
  if (frame.length === layout.HEADER_SIZE) return malformed(`Command ${command} in a packet of 16 bytes`);
  switch (command) {
    case layout.PKT_POLICY:
      return { kind: "set-policy", policy: decodePolicy(frame) };
    case layout.PKT_POLICY_REMOVE:
      return { kind: "remove-policy", vmName: vmName(frame) };
    case layout.QUERY_FREQ_LIST:
      return { kind: "query", what: "frequency", resource: "all", vmName: vmName(frame) };
    case layout.QUERY_FREQ:
      return { kind: "query", what: "frequency", resource: u64(frame, 0), vmName: vmName(frame) };
    case layout.QUERY_CAPS_LIST:
      return { kind: "query", what: "capabilities", resource: "all", vmName: vmName(frame) };
    case layout.QUERY_CAPS:
      return { kind: "query", what: "capabilities", resource: u64(frame, 0), vmName: vmName(frame) };
    case layout.QUERY_ENERGY:
      return ENERGY;
    default:
      return malformed(`Unknown command ${command}`);
  }
}

/** CONNECT has no content: every byte except its command is uninitialised memory of the guest. */
const CONNECT: Request = { kind: "connect" };

const ENERGY: Request = { kind: "energy" };

function decodeScale(frame: Uint8Array): Request | Malformed {
  const unit = u32(frame, layout.UNIT);
  const action = SCALE_ACTIONS[unit - 1];
  if (action === undefined) return malformed(`Unknown scale unit ${unit}`);
  return { kind: "scale", resource: u64(frame, layout.RESOURCE_ID), action, physical: isPhysical(frame) };
}

function decodePolicy(frame: Uint8Array): GuestPolicy {
  const tail = layout.policyTail(frame.length);
  const macCount = u32(frame, layout.MAC_COUNT) | 0;
  const vcpuCount = frame[layout.VCPU_COUNT] as number;
  const macs = Array.from({ length: Math.max(0, Math.min(macCount, layout.MACS_MAX)) }, (_, i) => {
    const at = layout.MACS + i * layout.MAC_STRIDE;
    return frame.slice(at, at + 6);
  });
  return {
    vmName: vmName(frame),
    resource: u64(frame, layout.RESOURCE_ID),
    macs,
    macCount,
    minPackets: u32(frame, layout.MIN_PACKETS),
    avgPackets: u32(frame, layout.AVG_PACKETS),
    maxPackets: u32(frame, layout.MAX_PACKETS),
    vcpus: [...frame.subarray(layout.VCPUS, layout.VCPUS + Math.min(vcpuCount, layout.VCPUS_MAX))],
    vcpuCount,
    busyHours: hours(frame, layout.BUSY_HOURS),
    quietHours: hours(frame, layout.QUIET_HOURS),
    trafficHours: hours(frame, layout.TRAFFIC_HOURS),
    physical: isPhysical(frame),
    workload: u32(frame, tail.workload),
    type: u32(frame, tail.kind),
  };
}

function isPhysical(frame: Uint8Array): boolean {
  return layout.hasCoreType(frame.length) && frame[layout.CORE_TYPE] !== 0;
}

function hours(frame: Uint8Array, at: number): number[] {
  return Array.from({ length: layout.HOURS_MAX }, (_, i) => u32(frame, at + 4 * i) | 0);
}

/** The name ends at its first NUL, or unterminated at 32 bytes; bytes become the characters of the same number. */
function vmName(frame: Uint8Array): string {
  const field = frame.subarray(layout.VM_NAME, layout.VM_NAME + layout.VM_NAME_SIZE);
  const end = field.indexOf(0);
  return String.fromCharCode(...(end < 0 ? field : field.subarray(0, end)));
}

function malformed(reason: string): Malformed {
  return { kind: "malformed", reason };
}
