import { ptr } from "bun:ffi";
import { AF_UNIX, libc, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, unixAddress } from "./libc.ts";

// Constants of Linux on x86-64 and arm64 alike.
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;

/** A connection that keeps the boundaries of messages (`SOCK_SEQPACKET`, which Bun does not offer). Never blocks. */
export interface Seqpacket {
  /** False if it was not sent. */
  send(message: Uint8Array): boolean;
  /** Reads the next message into the buffer and returns its length; 0 if the other end is gone. */
  receive(into: Uint8Array): number | "nothing";
  close(): void;
}

/** Whether this runtime has such connections; Node, which runs the guest's side too, has none. */
export const HAS_SEQPACKET: boolean = true;

/** Connects to a path; undefined if no process listens or the user may not connect. */
export function connectSeqpacket(path: string): Seqpacket | undefined {
  const to = unixAddress(path);
  if (to === undefined) return undefined;
  const fd = libc().socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return undefined;
  if (libc().connect(fd, ptr(to.bytes), to.length) !== 0) {
    libc().close(fd);
    return undefined;
  }
  return {
    send: (message) =>
      Number(libc().send(fd, ptr(message), message.length, MSG_DONTWAIT | MSG_NOSIGNAL)) === message.length,
    receive(into) {
      const size = Number(libc().recv(fd, ptr(into), into.length, MSG_DONTWAIT));
      return size < 0 ? "nothing" : size;
    },
    close: () => void libc().close(fd),
  };
}
