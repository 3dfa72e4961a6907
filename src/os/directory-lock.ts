import fs from "node:fs";
import { failure, type Result, success } from "../base/result.ts";
import { type Errno, errnoOf, isGone } from "./errno.ts";
import { libc } from "./libc.ts";

const { O_DIRECTORY, O_RDONLY } = fs.constants;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** A directory that is ours alone, among those who ask; the kernel releases it when the process ends, however that is. */
export interface DirectoryLock {
  /** Whether its path still leads to the directory that is locked, and not to one made in its place. */
  isCurrent(): boolean;
  release(): void;
}

/**
 * Locks a directory with flock(2): it needs no right to write there, works on sysfs, and is about the directory itself,
 * by whatever path it is reached. Answers `held` when somebody else has it.
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
