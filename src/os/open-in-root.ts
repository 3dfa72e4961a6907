import { type Pointer, ptr, read } from "bun:ffi";
import { closeSync, constants, openSync } from "node:fs";
import { failure, type Result, success } from "../base/result.ts";
import { type Errno, errnoOf } from "./errno.ts";
import { errnoName } from "./errno-name.ts";
import { libc } from "./libc.ts";

/** `openat2` (openat2(2)) on x86-64 and arm64 alike. */
const SYS_OPENAT2 = 437n;

const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;

/** Bytes of a `struct open_how`: flags, mode, resolve. */
const OPEN_HOW_BYTES = 24n;

/**
 * Opens a file below another root directory, such as `/proc/PID/root`, as a process with that root would find it: `..`
 * and absolute links stay below it. Plainly opened, "/proc/PID/root/tmp/x" would leave that root where "tmp" is a link
 * to an absolute path, because the kernel follows such a link from the root of the caller. A link at the end is not
 * followed. The descriptor is one of `O_PATH`, which opens nothing but the place; the caller closes it.
 */
export function openInRoot(root: string, path: string): Result<number, Errno> {
  let directory: number;
  try {
    directory = openSync(root, O_PATH | constants.O_DIRECTORY);
  } catch (error) {
    return failure(errnoOf(error));
  }
  const name = Buffer.from(`${path}\0`);
  const flags = O_PATH | O_CLOEXEC | constants.O_NOFOLLOW;
  const how = BigUint64Array.of(BigInt(flags), 0n, BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
  const errnoAt = libc().__errno_location() as Pointer;
  const fd = Number(
    libc().syscall(SYS_OPENAT2, BigInt(directory), BigInt(ptr(name)), BigInt(ptr(how)), OPEN_HOW_BYTES),
  );
  const errno = fd < 0 ? errnoName(read.i32(errnoAt, 0)) : undefined;
  closeSync(directory);
  return errno === undefined ? success(fd) : failure(errno);
}
