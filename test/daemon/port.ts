import { chmodSync, rmSync } from "node:fs";
import { until } from "./until.ts";

/** One channel from the side of QEMU and its guest: QEMU listens, the host connects. */
export interface Port {
  readonly path: string;
  /** Whether a host is connected. */
  readonly connected: boolean;
  /** Connections so far. */
  readonly connections: number;
  /** Bytes of the host that were not read yet. */
  readonly received: Uint8Array;
  /** Waits until the host has connected. */
  ready(): Promise<void>;
  send(bytes: Uint8Array): void;
  /** Sends a request and reads this many bytes of reply. */
  ask(bytes: Uint8Array, replySize: number): Promise<Uint8Array>;
  /** Waits a while, and returns what arrived. */
  silence(ms?: number): Promise<Uint8Array>;
  /** Whether the guest reads. Most do not. */
  reading(on: boolean): void;
  /** Drops the connection and goes on listening, as QEMU does when a chardev reconnects. */
  drop(): void;
  /** Ends as QEMU does: closes the connection and removes the file. */
  close(): void;
}

export function startPort(path: string, { mode = 0o775 }: { mode?: number } = {}): Port {
  let host: Bun.Socket<undefined> | undefined;
  let connections = 0;
  let received = new Uint8Array(0);
  let reading = true;
  const listener = Bun.listen<undefined>({
    unix: path,
    socket: {
      open(socket) {
        host = socket;
        connections++;
        if (!reading) socket.pause();
      },
      data: (_socket, bytes) => {
        received = new Uint8Array(Buffer.concat([received, bytes]));
      },
      close: (socket) => {
        if (socket === host) host = undefined;
      },
    },
  });
  chmodSync(path, mode);
  const port: Port = {
    path,
    get connected() {
      return host !== undefined;
    },
    get connections() {
      return connections;
    },
    get received() {
      return received;
    },
    ready: () => until(() => host !== undefined),
    send(bytes) {
      if (host?.write(bytes) !== bytes.length) throw new Error("The host does not take it");
    },
    async ask(bytes, replySize) {
      received = new Uint8Array(0);
      port.send(bytes);
      await until(() => received.length >= replySize);
      return received;
    },
    async silence(ms = 60) {
      await Bun.sleep(ms);
      return received;
    },
    reading(on) {
      reading = on;
      if (on) host?.resume();
      else host?.pause();
    },
    drop: () => host?.terminate(),
    close() {
      host?.terminate();
      listener.stop(true);
      rmSync(path, { force: true });
    },
  };
  return port;
}

/** Makes a packet without the tested code: resource u64, unit u32, command u32, then zeros. */
export function packet(size: number, resource: number, unit: number, command: number): Uint8Array {
  const bytes = Buffer.alloc(size);
  bytes.writeBigUInt64LE(BigInt(resource), 0);
  bytes.writeUInt32LE(unit, 8);
  bytes.writeUInt32LE(command, 12);
  return new Uint8Array(bytes);
}

/** Units of scale requests (vm-power-protocol(7), "Scale actions"). */
export const [UP, DOWN, MAX, MIN, TURBO] = [1, 2, 3, 4, 5] as const;

export const scale = (vcpu: number, unit: number, size = 464) => packet(size, vcpu, unit, 1);
export const connect = (size = 464) => packet(size, 0, 0, 2);
/** A NACK is the request with command 2. */
export const nack = (request: Uint8Array): Uint8Array => {
  const bytes = request.slice();
  bytes[12] = 2;
  return bytes;
};
