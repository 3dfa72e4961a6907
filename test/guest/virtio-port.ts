import type { Device } from "../../src/guest/library/device.ts";
import { failure } from "../../src/guest/library/outcome.ts";
import type { PortSource } from "../../src/guest/library/port.ts";

/** The host's reaction to a packet: its replies, if any. */
export type Host = (packet: Uint8Array) => readonly Uint8Array[];

/** Plays a virtio-serial port of Linux and QEMU (vm-power-protocol(7), "TRANSPORT"). */
export interface VirtioPort {
  /** Opens the guest's end; `EBUSY` while it is open. */
  open(): Device | "EBUSY";
  /** The host at the other end; undefined if there is none. */
  connect(host: Host | undefined): void;
  /** The host sends bytes without a request. */
  send(bytes: Uint8Array): void;
  /** All bytes that a host received from the guest. */
  readonly sent: readonly Uint8Array[];
  /** How often the guest's end was opened. */
  readonly opened: number;
  readonly isOpen: boolean;
  /** Pieces that the guest has not read yet. */
  readonly unread: number;
}

/** The size of the kernel's receive buffers; a read returns at most the rest of one. */
const BUFFER_SIZE = 4096;

/** The number of the kernel's buffers; QEMU fills them again only after they were read. */
const BUFFERS = 16;

export function virtioPort(host: Host | undefined): VirtioPort {
  let at: Host | undefined = host;
  /** Bytes in the guest's kernel, and in QEMU's socket while the guest's end is closed. */
  let waiting: Uint8Array[] = [];
  const sent: Uint8Array[] = [];
  let isOpen = false;
  let opened = 0;
  let filled = BUFFERS;

  const device: Device = {
    write(bytes) {
      if (at === undefined) return "EAGAIN";
      sent.push(bytes.slice());
      waiting.push(...at(bytes.slice()));
      return bytes.length;
    },
    read(into) {
      const [first] = waiting;
      if (filled === 0 || first === undefined) {
        filled = BUFFERS;
        return at === undefined ? 0 : "EAGAIN";
      }
      filled--;
      const size = Math.min(first.length, into.length, BUFFER_SIZE);
      into.set(first.subarray(0, size));
      if (size === first.length) waiting.shift();
      else waiting[0] = first.subarray(size);
      return size;
    },
    close() {
      isOpen = false;
      // The guest's driver discards bytes that were not read.
      waiting = [];
    },
  };
  return {
    open() {
      if (isOpen) return "EBUSY";
      isOpen = true;
      opened++;
      return device;
    },
    connect(next) {
      at = next;
    },
    send: (bytes) => void waiting.push(bytes),
    sent,
    get unread() {
      return waiting.length;
    },
    get isOpen() {
      return isOpen;
    },
    get opened() {
      return opened;
    },
  };
}

/** A guest that has these ports, by number. */
export function portsOf(ports: ReadonlyMap<number, VirtioPort>): PortSource {
  return {
    list: () => [...ports.keys()],
    path: (port) => `/dev/virtio-ports/${port}`,
    open(port) {
      const device = ports.get(port)?.open();
      if (device === undefined) return failure("no-port", `There is no port ${port}`);
      return device === "EBUSY" ? failure("busy", `Port ${port} is busy`) : device;
    },
  };
}
