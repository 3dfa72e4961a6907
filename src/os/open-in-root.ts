import { closeSync, constants, fstatSync, openSync, readlinkSync } from "node:fs";
import { failure, type Result, success } from "../base/result.ts";
import { type Errno, errnoOf } from "./errno.ts";

const O_PATH = 0o10000000;

/** Links in one path, as the kernel bounds them. */
const LINKS_MAX = 40;

/**
 * Opens a file below another root directory, such as `/proc/PID/root`, as a process with that root would find it: `..`
 * and absolute links stay below it. Plainly opened, "/proc/PID/root/tmp/x" would leave that root where "tmp" is a link
 * to an absolute path, because the kernel follows such a link from the root of the caller. A link at the end is not
 * followed. The descriptor is one of `O_PATH`, which opens nothing but the place; the caller closes it.
 *
 * openat2(2) does the same in one call, but the sandbox of systemd denies it (RestrictSUIDSGID=).
 */
export function openInRoot(root: string, path: string): Result<number, Errno> {
  // From the root to the place that was reached; the last one of it is the result.
  const reached: number[] = [];
  const back = (): void => closeSync(reached.pop() as number);
  try {
    reached.push(openSync(root, O_PATH | constants.O_DIRECTORY));
    // The next name is the last.
    const names = namesIn(path).reverse();
    for (let links = 0; names.length > 0; ) {
      const name = names.pop() as string;
      if (name === "..") {
        if (reached.length > 1) back();
        continue;
      }
      // One name at a time, and no link is followed, so the kernel never chooses a way.
      const place = `/proc/self/fd/${reached.at(-1)}/${name}`;
      reached.push(openSync(place, O_PATH | constants.O_NOFOLLOW));
      if (names.length === 0 || !fstatSync(reached.at(-1) as number).isSymbolicLink()) continue;
      back();
      if (++links > LINKS_MAX) return failure("ELOOP");
      const target = readlinkSync(place);
      if (target.startsWith("/")) while (reached.length > 1) back();
      names.push(...namesIn(target).reverse());
    }
    return success(reached.pop() as number);
  } catch (error) {
    return failure(errnoOf(error));
  } finally {
    while (reached.length > 0) back();
  }
}

function namesIn(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
