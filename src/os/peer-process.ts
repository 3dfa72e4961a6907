import { ptr } from "bun:ffi";
import { release } from "node:os";
import { affinityOf } from "./affinity.ts";
import { libc } from "./libc.ts";
import { endedProcesses, openPidfd } from "./pidfd.ts";

// Constants of Linux on x86-64 and arm64 alike.
const SOL_SOCKET = 1;
const SO_PEERGROUPS = 59;
const SO_PEERPIDFD = 77;

/** The first kernel with SO_PEERPIDFD. */
const SINCE = [6, 5] as const;

/** Groups of one process that are looked at. The kernel's limit is 65,536. */
const GROUPS_MAX = 1024;

/** The process at the other end of an AF_UNIX socket. It is held by a pidfd, so it is never confused with a later one of the same number. */
export interface PeerProcess {
  /** The CPUs that the kernel lets its main thread run on: its cgroup's, or less. Undefined if it has ended. */
  allowedCpus(): readonly number[] | undefined;
  /** Releases the pidfd. */
  close(): void;
}

/** Opens the process that connected; undefined if it has ended, or the kernel cannot tell. */
export function peerProcess(fd: number, pid: number): PeerProcess | undefined {
  // For older kernels. The number could only be another process's if all numbers were given since the connect.
  const pidfd = hasPeerPidfd() ? peerPidfd(fd) : openPidfd(pid);
  if (pidfd === undefined || pid <= 0) return undefined;
  let isOpen = true;
  return {
    allowedCpus() {
      if (!isOpen) return undefined;
      const cpus = affinityOf(pid);
      // While the process lives its number is not given to another one, so they are its own.
      return endedProcesses([pidfd]).length === 0 ? cpus : undefined;
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
