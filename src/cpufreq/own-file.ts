import fs from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "./errno.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** Others may not write to what we act on, or they could steer our hand. */
const WRITABLE_BY_OTHERS = 0o022;

/** What a file that a daemon of ours wrote says, or why it is not believed; undefined when there is none. */
export function readOwnFile(
  path: string,
  sizeMax: number,
): string | { readonly problem: string } | undefined {
  let fd: number;
  try {
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const errno = errnoOf(error);
    return errno === "ENOENT" ? undefined : { problem: errno };
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || !isTrusted(stat.uid, path) || (stat.mode & WRITABLE_BY_OTHERS) !== 0) {
      return { problem: "it is not a file that only this user may write" };
    }
    if (stat.size > sizeMax) return { problem: "it is too large" };
    return fs.readFileSync(fd, "utf8");
  } catch (error) {
    return { problem: errnoOf(error) };
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
