import { ptr } from "bun:ffi";
import { AF_UNIX, libc, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, unixAddress } from "./libc.ts";

const SOCK_DGRAM = 2;

/** Sends datagrams to one AF_UNIX address. Never blocks. */
export interface DatagramSender {
  /** False if it was not sent: there is no receiver, it is too long, or the receiver's queue is full. */
  send(datagram: Uint8Array): boolean;
}

/**
 * Makes a sender for a path, or for an abstract address that begins with `@`; undefined if the address is not possible.
 */
export function datagramSender(address: string): DatagramSender | undefined {
  const to = unixAddress(address);
  if (to === undefined) return undefined;
  const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  return {
    send: (datagram) =>
      Number(libc().sendto(fd, ptr(datagram), datagram.length, flags, ptr(to.bytes), to.length)) ===
      datagram.length,
  };
}
