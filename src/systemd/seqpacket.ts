import { dlopen, FFIType, ptr } from "bun:ffi";

// Constants of Linux on x86-64 and arm64 alike.
const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SUN_PATH = 2;
const SUN_PATH_MAX = 108;

let opened: ReturnType<typeof open> | undefined;

function open() {
  const { i32, u32, u64, ptr: pointer, i64_fast } = FFIType;
  return dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    connect: { args: [i32, pointer, u32], returns: i32 },
    send: { args: [i32, pointer, u64, i32], returns: i64_fast },
    recv: { args: [i32, pointer, u64, i32], returns: i64_fast },
    close: { args: [i32], returns: i32 },
  }).symbols;
}

function libc(): ReturnType<typeof open> {
  opened ??= open();
  return opened;
}

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
  const name = new TextEncoder().encode(path);
  if (name.length === 0 || name.length >= SUN_PATH_MAX) return undefined;
  const sockaddr = new Uint8Array(SUN_PATH + SUN_PATH_MAX);
  new DataView(sockaddr.buffer).setUint16(0, AF_UNIX, true);
  sockaddr.set(name, SUN_PATH);
  const fd = libc().socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return undefined;
  if (libc().connect(fd, ptr(sockaddr), SUN_PATH + name.length + 1) !== 0) {
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
