import fs from "node:fs";
import { dirname } from "node:path";
import { failure, type Result, success } from "../base/result.ts";
import { errnoOf } from "./errno.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Others may not write to what we act on, or they could steer our hand. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Reads a file that a daemon of ours wrote: undefined when there is none, or why it is not believed. A link, a FIFO, a
 * file that is too large and one that others could have written are not.
 */
export function readOwnFile(path: string, sizeMax: number): Result<string | undefined> {
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
    return success(fs.readFileSync(fd, "utf8"));
  } catch (error) {
    return failure(errnoOf(error));
  } finally {
    fs.closeSync(fd);
  }
}

/** Ours and root's. Root also believes the user that the daemon runs as, whose directory it is. */
function isTrusted(uid: number, path: string): boolean {
  const self = process.geteuid?.();
  if (uid === self || uid === 0) return true;
  return self === 0 && uid === fs.lstatSync(dirname(path)).uid;
}
