/** Size in bytes of a guest's packets. It depends on the release of DPDK and its word size (vm-power-protocol(7), "PACKETS"). */
export type Abi = 16 | 456 | 460 | 464;

/** Every packet size, in the order in which detection tries them. */
export const ABIS: readonly Abi[] = [464, 460, 456, 16];

/** Size in bytes of the header that all packets begin with. */
export const HEADER_SIZE = 16;

/** Offsets of the header's fields. */
export const RESOURCE_ID = 0;
export const UNIT = 8;
export const COMMAND = 12;

/** Offsets and counts behind the header, equal in all long packets (vm-power-protocol(7), "Layout of a request"). */
export const VM_NAME = 16;
export const VM_NAME_SIZE = 32;
export const MACS = 48;
export const MACS_MAX = 10;
export const MAC_STRIDE = 8;
export const MAC_COUNT = 128;
export const MIN_PACKETS = 132;
export const AVG_PACKETS = 136;
export const MAX_PACKETS = 140;
export const VCPUS = 144;
export const VCPUS_MAX = 8;
export const VCPU_COUNT = 152;
export const BUSY_HOURS = 156;
export const QUIET_HOURS = 252;
export const TRAFFIC_HOURS = 348;
export const HOURS_MAX = 24;

/** Whether a resource is a pCPU. Packets of 456 bytes have no such field. */
export const CORE_TYPE = 444;

/** Whether packets of this size have {@link CORE_TYPE}. */
export function hasCoreType(size: number): boolean {
  return size >= 460;
}

/** Offsets of the fields behind {@link CORE_TYPE}: without it they come 4 bytes earlier. */
export function policyTail(size: number): { readonly workload: number; readonly kind: number } {
  return hasCoreType(size) ? { workload: 448, kind: 452 } : { workload: 444, kind: 448 };
}

/** Commands of a guest (vm-power-protocol(7), "Commands of a guest"). */
export const CPU_POWER = 1;
export const CONNECT = 2;
export const PKT_POLICY = 3;
export const PKT_POLICY_REMOVE = 4;
export const QUERY_FREQ_LIST = 7;
export const QUERY_FREQ = 8;
export const QUERY_CAPS_LIST = 9;
export const QUERY_CAPS = 10;

/** A query that only *vm-power* knows (vm-power-protocol(7), "Energy"). Its number is far from those of DPDK. */
export const QUERY_ENERGY = 0x5650_0001;

/** Commands of a host. Their values overlap those of a guest. */
export const ACK = 1;
export const NACK = 2;
export const FREQ_LIST = 3;
export const CAPS_LIST = 4;
export const ENERGY = 0x5650_0002;

/** Offsets in a list of frequencies (vm-power-protocol(7), "List of frequencies"). */
export const FREQ_VALUES = 48;
export const FREQ_COUNT = 80;

/** Offsets in a list of capabilities (vm-power-protocol(7), "List of capabilities"). */
export const CAPS_TURBO = 48;
export const CAPS_PRIORITY = 112;
export const CAPS_COUNT = 176;

/** Offsets in a reply with energy, and its size in bytes (vm-power-protocol(7), "Energy"). */
export const ENERGY_METERED = 8;
export const ENERGY_JOULES = 16;
export const ENERGY_SECOND = 24;
export const ENERGY_SIZE = 32;

/** Sizes in bytes of the lists for a guest with packets of 464 bytes. For one with 460 they are 4 bytes shorter. */
export const FREQ_LIST_SIZE = 88;
export const CAPS_LIST_SIZE = 184;

/** Reads a little-endian u32. */
export function u32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

/** Writes a little-endian u32. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Writes a whole number below 2^53 as a little-endian u64. */
export function putU64(bytes: Uint8Array, at: number, value: number): void {
  putU32(bytes, at, value);
  putU32(bytes, at + 4, Math.floor(value / 2 ** 32));
}

/** Reads a little-endian u64 as a number. It is exact below 2^53, and a larger value never becomes smaller than that. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) + u32(bytes, at + 4) * 2 ** 32;
}
