import { chmodSync, unlinkSync } from "node:fs";
import { join } from "node:path";

/** Scale actions and their numbers in a packet (vm-power-protocol(7), "Scale actions"). */
export const ASKS = { up: 1, down: 2, max: 3, min: 4, turbo: 5, "no-turbo": 6 } as const;

/** A simulated VM: its name, its generation of DPDK, its CPUs. */
export interface SimulatedVm {
  readonly name: string;
  /** Bytes of its packets: 16 before DPDK 17.11, 456 before 18.11, then 464. */
  readonly packetSize: 16 | 456 | 464;
  /** The pCPU of each vCPU. */
  readonly pcpus: readonly number[];
}

/** The channel of a simulated VM. It plays both guest and QEMU: QEMU listens, the host connects. */
export interface SimulatedPort {
  readonly vm: SimulatedVm;
  readonly vcpu: number;
  /** Whether a host is connected; without one a guest cannot write. */
  readonly connected: boolean;
  /** Sends a request and returns the reply; `no reply` if none comes within {@link REPLY_MS}, as for old releases. */
  ask(what: keyof typeof ASKS): Promise<"ACK" | "NACK" | "no reply">;
  close(): void;
}

/** How long to wait for a reply. DPDK's guest program waits 10 ms; a busy simulator may need longer. */
const REPLY_MS = 100;

/** Makes the ports of a VM in a directory, one per vCPU. */
export function startVm(vm: SimulatedVm, directory: string): readonly SimulatedPort[] {
  return vm.pcpus.map((_, vcpu) => startPort(vm, vcpu, join(directory, `${vm.name}.${vcpu}`)));
}

function startPort(vm: SimulatedVm, vcpu: number, path: string): SimulatedPort {
  let host: Bun.Socket<undefined> | undefined;
  let answered: ((command: number) => void) | undefined;
  const listener = Bun.listen<undefined>({
    unix: path,
    socket: {
      open(socket) {
        // QEMU serves one host at a time.
        if (host !== undefined) return socket.terminate();
        host = socket;
        socket.write(packet(vm.packetSize, { vcpu: 0, unit: 0, command: CONNECT }));
      },
      data: (_socket, bytes) => answered?.(bytes.readUInt32LE(12)),
      close(socket) {
        if (socket === host) host = undefined;
      },
    },
  });
  chmodSync(path, 0o775);
  return {
    vm,
    vcpu,
    get connected() {
      return host !== undefined;
    },
    async ask(what) {
      const { promise, resolve } = Promise.withResolvers<number>();
      answered = resolve;
      host?.write(packet(vm.packetSize, { vcpu, unit: ASKS[what], command: CPU_POWER }));
      const command = await Promise.race([promise, Bun.sleep(REPLY_MS)]);
      if (command === undefined) return "no reply";
      return command === CPU_POWER ? "ACK" : "NACK";
    },
    close() {
      host?.terminate();
      listener.stop(true);
      try {
        unlinkSync(path);
      } catch {
        // The listener removed it.
      }
    },
  };
}

const CPU_POWER = 1;
/** The first packet of a guest process: only its command means anything. */
const CONNECT = 2;

/** Makes a packet as DPDK does. It does not use the daemon's code, so that the simulation tests that code. */
function packet(
  size: number,
  { vcpu, unit, command }: { vcpu: number; unit: number; command: number },
): Uint8Array {
  const bytes = Buffer.alloc(size);
  bytes.writeBigUInt64LE(BigInt(vcpu), 0);
  bytes.writeUInt32LE(unit, 8);
  bytes.writeUInt32LE(command, 12);
  return bytes;
}
