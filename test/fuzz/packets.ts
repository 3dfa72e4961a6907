import type { Random } from "./random.ts";

/** A field of a packet: its offset, its size in bytes, and how many of it follow each other. */
interface Field {
  readonly at: number;
  readonly size: 1 | 4 | 8;
  readonly count?: number;
}

// Every field, by vm-power-protocol(7), "Layout of a request"; written by hand, not taken from the decoder.
const HEADER: readonly Field[] = [
  { at: 0, size: 8 }, // resource_id
  { at: 8, size: 4 }, // unit
  { at: 12, size: 4 }, // command
];
const POLICY: readonly Field[] = [
  { at: 16, size: 1, count: 32 }, // vm_name
  { at: 48, size: 1, count: 80 }, // vfid
  { at: 128, size: 4 }, // nb_mac_to_monitor
  { at: 132, size: 4, count: 3 }, // thresholds
  { at: 144, size: 1, count: 8 }, // vcpu_to_control
  { at: 152, size: 1 }, // num_vcpu
  { at: 156, size: 4, count: 72 }, // hours
];
const TAIL_B: readonly Field[] = [
  { at: 444, size: 4 }, // workload
  { at: 448, size: 4 }, // policy_to_use
  { at: 452, size: 1 }, // tbEnabled
];
const TAIL_C: readonly Field[] = [
  { at: 444, size: 1 }, // core_type
  { at: 448, size: 4 }, // workload
  { at: 452, size: 4 }, // policy_to_use
  { at: 456, size: 1 }, // tbEnabled
];

/** Values at which a decoder may go wrong, and the numbers of all CPUs of the host. */
const VALUES = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n, 23n, 24n, 63n, 127n, 128n, 255n, 256n, 65_535n];
const LARGE = [
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Makes a packet of some release: a sound one, with some fields replaced. */
export function anyPacket(random: Random): Uint8Array {
  const size = random.of([16, 456, 460, 464]);
  const packet = Buffer.alloc(size);
  const fields = size === 16 ? HEADER : [...HEADER, ...POLICY, ...(size === 456 ? TAIL_B : TAIL_C)];
  packet.writeUInt32LE(random.of([1, 1, 3, 3, 4, 7, 8, 9, 10]), 12);
  packet.writeUInt32LE(1 + random.below(6), 8);
  packet.writeUInt32LE(random.below(9), 0);
  if (size > 16) fillPolicy(packet, random);
  for (let edits = random.below(5); edits > 0; edits--) edit(packet, random.of(fields), random);
  return new Uint8Array(packet);
}

function fillPolicy(packet: Buffer, random: Random): void {
  const vcpus = 1 + random.below(3);
  packet[152] = vcpus;
  for (let i = 0; i < vcpus; i++) packet[144 + i] = random.below(9);
  packet.writeUInt32LE(random.below(3), packet.length === 456 ? 444 : 448);
  packet.writeUInt32LE(random.below(4), packet.length === 456 ? 448 : 452);
  for (let hour = 0; hour < 24; hour++) packet.writeInt32LE(hour, 156 + 4 * hour);
}

function edit(packet: Buffer, { at, size, count = 1 }: Field, random: Random): void {
  const offset = at + size * random.below(count);
  const value = random.onceIn(3) ? random.of(LARGE) : random.of(VALUES);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  bytes.copy(packet, offset, 0, size);
}
