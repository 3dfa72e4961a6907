import type { Host } from "./virtio-port.ts";

/** Plays DPDK's own host for one VM, as vm-power-protocol(7) describes "the original host". */
export interface OriginalHost {
  readonly host: Host;
  /** The table index of each vCPU's CPU that was set last. */
  readonly index: number[];
  /** Names of the policies that it has. */
  readonly policies: Set<string>;
  /** `set_channel_status`: drops everything silently. */
  enabled: boolean;
  /** `set_query`. */
  query: boolean;
  /** It has closed the channel for good, because a packet did not have its size. */
  readonly closed: boolean;
}

const SIZE = 464;
const TABLE = [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000];
/** Content of its stack, because the reply structs are not initialised. */
const STACK = 0x7f;

/** Releases that reply differently. */
export type Release = "19.08" | "19.11" | "20.02";

export function originalHost(release: Release, { vm = "vm0", vcpus = 4 } = {}): OriginalHost {
  const index = new Array<number>(vcpus).fill(0);
  const policies = new Set<string>();
  let closed = false;

  /** Scales as acpi-cpufreq with turbo (vm-power-protocol(7), "STEPS AND TURBO"): 1 changed, 0 nothing to do, -1 error. */
  function scale(vcpu: number, unit: number): number {
    // A vCPU beyond those of the VM changes pCPU 0.
    const cpu = vcpu < vcpus ? vcpu : 0;
    const now = index[cpu] ?? 0;
    const next = [now - 1, now + 1, 0, TABLE.length - 1, 0, Math.max(now, 1)][unit - 1];
    if (next === undefined) return -1;
    index[cpu] = Math.min(Math.max(next, 0), TABLE.length - 1);
    // Every successful turbo call returns 0.
    return unit >= 5 || index[cpu] === now ? 0 : 1;
  }

  function list(command: number, size: number): Buffer {
    const bytes = Buffer.alloc(size, STACK);
    bytes.writeUInt32LE(command, 12);
    return bytes;
  }

  function frequencies(only: number | undefined): Uint8Array {
    const bytes = list(3, 88);
    if (only !== undefined) bytes.fill(0, 48, 80);
    for (let vcpu = 0; vcpu < vcpus; vcpu++)
      if (only === undefined || only === vcpu)
        bytes.writeUInt32LE(TABLE[index[vcpu] ?? 0] ?? 0, 48 + 4 * (vcpu % 8));
    // With more than 8 vCPUs its list overwrites the count.
    bytes[80] = vcpus > 8 ? 72 : vcpus;
    return new Uint8Array(bytes);
  }

  function capabilities(): Uint8Array {
    const bytes = list(4, 184);
    bytes.fill(0, 48, 176);
    for (let vcpu = 0; vcpu < Math.min(vcpus, 8); vcpu++) bytes.writeBigUInt64LE(1n, 48 + 8 * vcpu);
    bytes[176] = vcpus;
    return new Uint8Array(bytes);
  }

  const host: OriginalHost = {
    index,
    policies,
    enabled: true,
    query: false,
    get closed() {
      return closed;
    },
    host(bytes) {
      if (bytes.length !== SIZE) closed = true;
      if (closed || !host.enabled) return [];
      const packet = Buffer.from(bytes);
      const [resource, unit, command] = [
        packet.readUInt32LE(0),
        packet.readUInt32LE(8),
        packet.readUInt32LE(12),
      ];
      const name = packet.toString("latin1", 16, 48).replace(/\0.*$/s, "");
      const answered = release !== "19.08";
      const answer = (accepted: boolean) => {
        const reply = new Uint8Array(packet);
        reply[12] = accepted ? 1 : 2;
        return answered ? [reply] : [];
      };
      const mayQuery = answered && host.query && name === vm;
      switch (command) {
        case 1: {
          const result = scale(resource, unit);
          return answer(release === "19.11" ? result > 0 : result >= 0);
        }
        case 3:
          policies.add(name);
          return answer(true);
        case 4:
          policies.delete(name);
          return [];
        case 7:
          return mayQuery ? [frequencies(undefined)] : [];
        case 8:
          return mayQuery && resource < 8 ? [frequencies(resource)] : [];
        case 9:
        case 10:
          return mayQuery ? [capabilities()] : [];
        default:
          return [];
      }
    },
  };
  return host;
}
