import type { Abi } from "./layout.ts";
import * as layout from "./layout.ts";
import { putU32 } from "./layout.ts";
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
      if (abi >= 460) bytes[444] = request.physical ? 1 : 0;
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
      putHeader(
        bytes,
        request.resource === "all" ? 0 : request.resource,
        request.resource === "all" ? all : all + 1,
      );
      putName(bytes, request.vmName);
      return bytes;
    }
  }
}

function putHeader(bytes: Uint8Array, resource: number, command: number): void {
  putU32(bytes, layout.RESOURCE_ID, resource % 2 ** 32);
  putU32(bytes, layout.RESOURCE_ID + 4, Math.floor(resource / 2 ** 32));
  putU32(bytes, layout.COMMAND, command);
}

/** Cuts a longer name to 31 bytes: DPDK's host needs the NUL at its end. */
function putName(bytes: Uint8Array, name: string): void {
  const length = Math.min(name.length, layout.VM_NAME_SIZE - 1);
  for (let i = 0; i < length; i++) bytes[layout.VM_NAME + i] = name.charCodeAt(i);
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
  if (tail.coreType !== undefined) bytes[tail.coreType] = policy.physical ? 1 : 0;
  putU32(bytes, tail.workload, policy.workload);
  putU32(bytes, tail.kind, policy.type);
}

function putHours(bytes: Uint8Array, at: number, hours: readonly number[]): void {
  hours.forEach((hour, i) => {
    putU32(bytes, at + 4 * i, hour);
  });
}
