import { dlopen, FFIType, ptr } from "bun:ffi";

// Constants of Linux on x86-64 and arm64 alike.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const CLOCK_MONOTONIC = 1;
const F_DUPFD_CLOEXEC = 1030;
const SUN_PATH = 2;
const SUN_PATH_MAX = 108;

/** The few calls that Bun does not offer. Opened at first use, so that programs which need none do not pay for it. */
let opened: ReturnType<typeof open> | undefined;

function open() {
  const { i32, u32, u64, ptr: pointer } = FFIType;
  return dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    sendto: { args: [i32, pointer, u64, i32, pointer, u32], returns: FFIType.i64_fast },
    getsockopt: { args: [i32, i32, i32, pointer, pointer], returns: i32 },
    fcntl: { args: [i32, i32, i32], returns: i32 },
    clock_gettime: { args: [i32, pointer], returns: i32 },
  }).symbols;
}

function libc(): ReturnType<typeof open> {
  opened ??= open();
  return opened;
}

/** Who is at the other end of a connected AF_UNIX socket, when it connected or listened. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** `SO_PEERCRED` (unix(7)); undefined when the kernel does not tell. */
export function peerCredentials(fd: number): PeerCredentials | undefined {
  const credentials = new Int32Array(3);
  const size = Uint32Array.of(credentials.byteLength);
  if (libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ptr(credentials), ptr(size)) !== 0) return undefined;
  const [pid = 0, uid = -1, gid = -1] = credentials;
  return { pid, uid: uid >>> 0, gid: gid >>> 0 };
}

/** Another descriptor of the same file (`F_DUPFD_CLOEXEC`, fcntl(2)); undefined when there can be none. */
export function duplicate(fd: number): number | undefined {
  const other = libc().fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return other < 0 ? undefined : other;
}

/** Microseconds of CLOCK_MONOTONIC; Bun's own clocks count from the start of the process. */
export function monotonicUs(): bigint {
  const time = new BigInt64Array(2);
  libc().clock_gettime(CLOCK_MONOTONIC, ptr(time));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return seconds * 1_000_000n + nanoseconds / 1000n;
}

/** Sends datagrams to one AF_UNIX address; never waits. */
export interface DatagramSender {
  /** False when it was not taken: nobody there, too long, or the receiver is full. */
  send(datagram: Uint8Array): boolean;
}

/** Opens a sender to a path, or to an abstract address written with `@`; undefined when there can be none. */
export function datagramSender(address: string): DatagramSender | undefined {
  const name = new TextEncoder().encode(address);
  if (name.length === 0 || name.length >= SUN_PATH_MAX || (name[0] !== 0x40 && name[0] !== 0x2f))
    return undefined;
  const sockaddr = new Uint8Array(SUN_PATH + SUN_PATH_MAX);
  new DataView(sockaddr.buffer).setUint16(0, AF_UNIX, true);
  sockaddr.set(name, SUN_PATH);
  const abstract = name[0] === 0x40;
  if (abstract) sockaddr[SUN_PATH] = 0;
  const length = SUN_PATH + name.length + (abstract ? 0 : 1);
  const fd = libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  return {
    send: (datagram) =>
      Number(
        libc().sendto(fd, ptr(datagram), datagram.length, MSG_DONTWAIT | MSG_NOSIGNAL, ptr(sockaddr), length),
      ) === datagram.length,
  };
}
