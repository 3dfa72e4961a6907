import { ptr } from "bun:ffi";
import { AF_UNIX, libc, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, unixAddress } from "./libc.ts";

const SOCK_DGRAM = 2;

/** Sends datagrams to one AF_UNIX address; never waits. */
export interface DatagramSender {
  /** False when it was not taken: nobody is there, it is too long, or the receiver is full. */
  send(datagram: Uint8Array): boolean;
}

/** Opens a sender to a path, or to an abstract address written with `@`; undefined when there can be none. */
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
