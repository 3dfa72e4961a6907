import { closeSync, fstatSync, lstatSync, type Stats } from "node:fs";
import { failure, type Result, success } from "../base/result.ts";
import { type Errno, errnoOf } from "../os/errno.ts";
import { openInRoot } from "../os/open-in-root.ts";

/** A path below the root of another process, which may be a container: what is behind it is found as that process does. */
const FOREIGN = /^(\/proc\/\d+\/root)(\/.*)$/s;

/** Whether a socket lies below the root of another process. */
export function isForeign(path: string): boolean {
  return FOREIGN.test(path);
}

/** The path of a socket as the process that serves it sees it. */
export function ownPath(path: string): string {
  return FOREIGN.exec(path)?.[2] ?? path;
}

/** Looks at the file of a socket; a link is not followed. */
export function lookAt(path: string): Result<Stats, Errno> {
  const opened = openForeign(path);
  if (opened?.ok === false) return opened;
  try {
    return success(opened === undefined ? lstatSync(path) : fstatSync(opened.value));
  } catch (error) {
    return failure(errnoOf(error));
  } finally {
    if (opened !== undefined) closeSync(opened.value);
  }
}

/**
 * Calls `dial` with an address of a socket, or returns why there is none. The kernel goes straight from the link to a
 * descriptor to the file that it was opened for, so links in the path cannot lead elsewhere, and its length is no matter.
 */
export function dialAt(path: string, dial: (address: string) => Promise<unknown>): Errno | undefined {
  const opened = openForeign(path);
  if (opened?.ok === false) return opened.why;
  const dialled = dial(opened === undefined ? path : `/proc/self/fd/${opened.value}`);
  if (opened !== undefined) void dialled.finally(() => closeSync(opened.value));
  return undefined;
}

/** Opens a file below a foreign root, as a place; undefined for any other path. The caller closes it. */
function openForeign(path: string): Result<number, Errno> | undefined {
  const [, root, inner] = FOREIGN.exec(path) ?? [];
  return root === undefined || inner === undefined ? undefined : openInRoot(root, inner);
}
