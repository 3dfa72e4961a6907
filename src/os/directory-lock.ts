import fs from "node:fs";
import { failure, type Result, success } from "../base/result.ts";
import { type Errno, errnoOf, isGone } from "./errno.ts";
import { libc } from "./libc.ts";

const { O_DIRECTORY, O_RDONLY } = fs.constants;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** A locked directory. The kernel releases the lock when the process ends, for whatever reason. */
export interface DirectoryLock {
  /** Whether the path still leads to the locked directory, not to a new one. */
  isCurrent(): boolean;
  release(): void;
}

/**
 * Locks a directory with flock(2). That needs no right to write there, works on sysfs, and locks the directory itself
 * whatever path leads to it. Returns `held` if another process has it.
 */
export function lockDirectory(path: string): Result<DirectoryLock, "held" | Errno> {
  let fd: number;
  let locked: fs.Stats;
  try {
    fd = fs.openSync(path, O_RDONLY | O_DIRECTORY);
    locked = fs.fstatSync(fd);
  } catch (error) {
    return failure(errnoOf(error));
  }
  if (libc().flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    fs.closeSync(fd);
    return failure("held");
  }
  return success({
    isCurrent() {
      try {
        const { dev, ino } = fs.statSync(path);
        return ino === locked.ino && dev === locked.dev;
      } catch (error) {
        return !isGone(errnoOf(error));
      }
    },
    release: () => fs.closeSync(fd),
  });
}
