import fs from "node:fs";
import { dirname } from "node:path";
import { failure, type Result, success } from "../base/result.ts";
import { errnoOf } from "./errno.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Mode bits that let other users write: such a file is not trusted. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Reads a file that a daemon wrote: undefined if there is none, or why it is not trusted. Not trusted are links, FIFOs,
 * files that are too large, and files that others could have written.
 */
export function readOwnFile(path: string, sizeMax: number): Result<string | undefined> {
  return judged(path, sizeMax, (fd) => fs.readFileSync(fd, "utf8"));
}

/** The size in bytes of a file that {@link readOwnFile} would read. */
export function sizeOfOwnFile(path: string, sizeMax: number): Result<number | undefined> {
  return judged(path, sizeMax, (_, { size }) => size);
}

function judged<T>(
  path: string,
  sizeMax: number,
  look: (fd: number, stat: fs.Stats) => T,
): Result<T | undefined> {
  let fd: number;
  try {
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const errno = errnoOf(error);
    return errno === "ENOENT" ? success(undefined) : failure(errno);
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || !isTrusted(stat.uid, path) || (stat.mode & WRITABLE_BY_OTHERS) !== 0)
      return failure("it is not a file that only this user may write");
    if (stat.size > sizeMax) return failure("it is too large");
    return success(look(fd, stat));
  } catch (error) {
    return failure(errnoOf(error));
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Users whose files are trusted: ourselves and root. Root also trusts the owner of the directory, as whom the daemon
 * runs.
 */
function isTrusted(uid: number, path: string): boolean {
  const self = process.geteuid?.();
  if (uid === self || uid === 0) return true;
  return self === 0 && uid === fs.lstatSync(dirname(path)).uid;
}
