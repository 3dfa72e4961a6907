import type { Abi } from "./layout.ts";
import * as layout from "./layout.ts";
import { putU32, putU64 } from "./layout.ts";
import { type GuestPolicy, type Request, SCALE_ACTIONS } from "./packet.ts";

/** Makes a guest's packet of this size. Bytes without a meaning are zero. */
export function encode(request: Request, abi: Abi): Uint8Array {
  const bytes = new Uint8Array(abi);
  switch (request.kind) {
    case "connect":
      putU32(bytes, layout.COMMAND, layout.CONNECT);
      return bytes;
    case "scale":
      putHeader(bytes, request.resource, layout.CPU_POWER);
      putU32(bytes, layout.UNIT, SCALE_ACTIONS.indexOf(request.action) + 1);
      putCoreType(bytes, request.physical);
      return bytes;
    case "set-policy":
      putHeader(bytes, request.policy.resource, layout.PKT_POLICY);
      putPolicy(bytes, request.policy);
      return bytes;
    case "energy":
      putHeader(bytes, 0, layout.QUERY_ENERGY);
      return bytes;
    case "remove-policy":
      putHeader(bytes, 0, layout.PKT_POLICY_REMOVE);
      putName(bytes, request.vmName);
      return bytes;
    case "query": {
      const all = request.what === "frequency" ? layout.QUERY_FREQ_LIST : layout.QUERY_CAPS_LIST;
      if (request.resource === "all") putHeader(bytes, 0, all);
      else putHeader(bytes, request.resource, all + 1);
      putName(bytes, request.vmName);
      return bytes;
    }
  }
}

function putHeader(bytes: Uint8Array, resource: number, command: number): void {
  putU64(bytes, layout.RESOURCE_ID, resource);
  putU32(bytes, layout.COMMAND, command);
}

function putCoreType(bytes: Uint8Array, physical: boolean): void {
  if (layout.hasCoreType(bytes.length)) bytes[layout.CORE_TYPE] = physical ? 1 : 0;
}

/** Cuts a longer name to 31 bytes: DPDK's host needs the NUL at its end. */
function putName(bytes: Uint8Array, name: string): void {
  const cut = name.slice(0, layout.VM_NAME_SIZE - 1);
  bytes.set(
    Uint8Array.from(cut, (char) => char.charCodeAt(0)),
    layout.VM_NAME,
  );
}

function putPolicy(bytes: Uint8Array, policy: GuestPolicy): void {
  const tail = layout.policyTail(bytes.length);
  putName(bytes, policy.vmName);
  policy.macs.forEach((mac, i) => {
    bytes.set(mac, layout.MACS + i * layout.MAC_STRIDE);
  });
  putU32(bytes, layout.MAC_COUNT, policy.macCount);
  putU32(bytes, layout.MIN_PACKETS, policy.minPackets);
  putU32(bytes, layout.AVG_PACKETS, policy.avgPackets);
  putU32(bytes, layout.MAX_PACKETS, policy.maxPackets);
  bytes.set(policy.vcpus, layout.VCPUS);
  bytes[layout.VCPU_COUNT] = policy.vcpuCount;
  putHours(bytes, layout.BUSY_HOURS, policy.busyHours);
  putHours(bytes, layout.QUIET_HOURS, policy.quietHours);
  putHours(bytes, layout.TRAFFIC_HOURS, policy.trafficHours);
  putCoreType(bytes, policy.physical);
  putU32(bytes, tail.workload, policy.workload);
  putU32(bytes, tail.kind, policy.type);
}

function putHours(bytes: Uint8Array, at: number, hours: readonly number[]): void {
  hours.forEach((hour, i) => {
    putU32(bytes, at + 4 * i, hour);
  });
}
