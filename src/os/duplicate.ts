import { libc } from "./libc.ts";

const F_DUPFD_CLOEXEC = 1030;

/** Duplicates a descriptor (`F_DUPFD_CLOEXEC`, fcntl(2)); undefined if that fails. */
export function duplicate(fd: number): number | undefined {
  const other = libc().fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return other < 0 ? undefined : other;
}
