import { ptr } from "bun:ffi";
import { AF_UNIX, libc, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, unixAddress } from "./libc.ts";

// Constants of Linux on x86-64 and arm64 alike.
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;

/** A connection over which messages pass whole (`SOCK_SEQPACKET`, which Bun does not offer); never waits. */
export interface Seqpacket {
  /** False when it was not taken. */
  send(message: Uint8Array): boolean;
  /** Bytes of the next message; 0 when the other end is gone. */
  receive(into: Uint8Array): number | "nothing";
  close(): void;
}

/** Connects to a path; undefined where nobody listens, or we may not. */
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
