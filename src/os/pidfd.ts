import { libc } from "./libc.ts";
import { readable } from "./readable.ts";

/** `pidfd_open` (pidfd_open(2)) on x86-64 and arm64 alike. */
const SYS_PIDFD_OPEN = 434n;

/**
 * Holds a process by a descriptor, so that it is never confused with a later one of the same number; undefined if it
 * has ended, or there is no free descriptor. The caller closes it.
 */
export function openPidfd(pid: number): number | undefined {
  const pidfd = Number(libc().syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n));
  return pidfd < 0 ? undefined : pidfd;
}

/** Those of the held processes that have ended. If the kernel cannot tell, all of them have. */
export function endedProcesses(pidfds: readonly number[]): readonly number[] {
  // A pidfd becomes readable when its process ends.
  return readable(pidfds) ?? pidfds;
}
