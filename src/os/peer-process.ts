import { ptr } from "bun:ffi";
import { release } from "node:os";
import { libc } from "./libc.ts";
import { readable } from "./readable.ts";

// Constants of Linux on x86-64 and arm64 alike.
const SOL_SOCKET = 1;
const SO_PEERGROUPS = 59;
const SO_PEERPIDFD = 77;
const SYS_PIDFD_OPEN = 434n;

/** The first kernel with SO_PEERPIDFD. */
const SINCE = [6, 5] as const;

/** Groups of one process that are looked at. The kernel's limit is 65,536. */
const GROUPS_MAX = 1024;

/** CPUs that the kernel's mask can have. */
const MASK_BYTES = 1024;

/** The process at the other end of an AF_UNIX socket. It is held by a pidfd, so it is never confused with a later one of the same number. */
export interface PeerProcess {
  /** The CPUs that the kernel lets its main thread run on: its cgroup's, or less. Undefined if it has ended. */
  allowedCpus(): readonly number[] | undefined;
  /** Releases the pidfd. */
  close(): void;
}

/** Opens the process that connected; undefined if it has ended, or the kernel cannot tell. */
export function peerProcess(fd: number, pid: number): PeerProcess | undefined {
  const pidfd = hasPeerPidfd() ? peerPidfd(fd) : pidfdOf(pid);
  if (pidfd === undefined || pid <= 0) return undefined;
  let isOpen = true;
  return {
    allowedCpus() {
      if (!isOpen) return undefined;
      const mask = new Uint8Array(MASK_BYTES);
      if (libc().sched_getaffinity(pid, MASK_BYTES, ptr(mask)) !== 0) return undefined;
      // While the process lives its number is not given to another one, so the mask is its own.
      return isAlive(pidfd) ? cpusIn(mask) : undefined;
    },
    close() {
      if (isOpen) libc().close(pidfd);
      isOpen = false;
    },
  };
}

/** The supplementary groups of the process at the other end of a socket, when it connected. */
export function peerGroups(fd: number): readonly number[] {
  const groups = new Uint32Array(GROUPS_MAX);
  const size = Uint32Array.of(groups.byteLength);
  if (libc().getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, ptr(groups), ptr(size)) !== 0) return [];
  return [...groups.subarray(0, (size[0] ?? 0) / groups.BYTES_PER_ELEMENT)];
}

function hasPeerPidfd(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number.parseFloat);
  return major > SINCE[0] || (major === SINCE[0] && minor >= SINCE[1]);
}

function peerPidfd(fd: number): number | undefined {
  const pidfd = Int32Array.of(-1);
  const size = Uint32Array.of(pidfd.byteLength);
  if (libc().getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, ptr(pidfd), ptr(size)) !== 0) return undefined;
  return pidfd[0];
}

/** For older kernels. The number could only be another process's if all numbers were given since the connect. */
function pidfdOf(pid: number): number | undefined {
  const pidfd = Number(libc().syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n));
  return pidfd < 0 ? undefined : pidfd;
}

function isAlive(pidfd: number): boolean {
  // A pidfd becomes readable when its process ends.
  return readable([pidfd])?.length === 0;
}

function cpusIn(mask: Uint8Array): number[] {
  const cpus: number[] = [];
  for (const [index, byte] of mask.entries())
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) cpus.push(index * 8 + bit);
  return cpus;
}
