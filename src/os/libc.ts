import { dlopen, FFIType } from "bun:ffi";
import { SOCKET_PATH_BYTES_MAX } from "../base/socket-path.ts";

// Constants of Linux on x86-64 and arm64 alike.
export const AF_UNIX = 1;
export const SOCK_CLOEXEC = 0o2000000;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

const SUN_PATH = 2;
const SUN_PATH_MAX = SOCKET_PATH_BYTES_MAX + 1;
const AT = 0x40;
const SLASH = 0x2f;

let opened: ReturnType<typeof open> | undefined;

function open() {
  const { i32, u32, u64, i64, i64_fast, ptr } = FFIType;
  return dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    connect: { args: [i32, ptr, u32], returns: i32 },
    send: { args: [i32, ptr, u64, i32], returns: i64_fast },
    sendto: { args: [i32, ptr, u64, i32, ptr, u32], returns: i64_fast },
    recv: { args: [i32, ptr, u64, i32], returns: i64_fast },
    close: { args: [i32], returns: i32 },
    getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
    fcntl: { args: [i32, i32, i32], returns: i32 },
    flock: { args: [i32, i32], returns: i32 },
    clock_gettime: { args: [i32, ptr], returns: i32 },
    sched_setscheduler: { args: [i32, i32, ptr], returns: i32 },
    sched_getaffinity: { args: [i32, u64, ptr], returns: i32 },
    poll: { args: [ptr, u64, i32], returns: i32 },
    syscall: { args: [i64, i64, i64], returns: i64_fast },
    ioctl: { args: [i32, u64, ptr], returns: i32 },
    mmap: { args: [ptr, u64, i32, i32, i32, i64], returns: ptr },
    madvise: { args: [u64, u64, i32], returns: i32 },
    munmap: { args: [ptr, u64], returns: i32 },
    __errno_location: { args: [], returns: ptr },
  }).symbols;
}

/** The calls of libc that Bun does not offer. The library is opened at first use. */
export function libc(): ReturnType<typeof open> {
  opened ??= open();
  return opened;
}

/** A `sockaddr_un` (unix(7)). */
export interface UnixAddress {
  readonly bytes: Uint8Array;
  /** Length of the address in bytes. */
  readonly length: number;
}

/** Makes the address of a path, or of an abstract name that begins with `@`; undefined if it is neither or too long. */
export function unixAddress(name: string): UnixAddress | undefined {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length === 0 || encoded.length >= SUN_PATH_MAX) return undefined;
  const abstract = encoded[0] === AT;
  if (!abstract && encoded[0] !== SLASH) return undefined;
  const bytes = new Uint8Array(SUN_PATH + SUN_PATH_MAX);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(encoded, SUN_PATH);
  if (abstract) bytes[SUN_PATH] = 0;
  return { bytes, length: SUN_PATH + encoded.length + (abstract ? 0 : 1) };
}
