import fs from "node:fs";
import { dirname } from "node:path";
import type { Log } from "../base/log.ts";
import { failure, type Result, success } from "../base/result.ts";
import { type Errno, refusalOf } from "./errno.ts";
import { FILE_CALLS, type FileCalls } from "./file-calls.ts";
import { type FileFailure, fileFailure } from "./file-failure.ts";
import { moveAside } from "./move-aside.ts";
import { writeAll } from "./write-all.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants;

/** What the name of a file ends with until all of it is written. */
export const UNFINISHED = ".new";

/** Entries that may be in the way, one behind the other, before a write is given up. */
const OBSTACLES_MAX = 4;

/** How a file of ours is written. */
export interface WholeFileOptions {
  readonly mode: number;
  /** Told of what was in the way and was moved aside. */
  readonly log: Log;
  /** Makes the directory with this mode where it is missing. */
  readonly directoryMode?: number;
  /** The power may take it: then the disk is not waited for. */
  readonly volatile?: boolean;
  readonly calls?: FileCalls;
}

/**
 * Writes a file of ours so that, whenever the process or the power ends, all of it is there or the old one still is.
 * What stands in the way (a directory, something that a crash left) does not stop it, and no link is followed.
 */
export function writeWhole(
  path: string,
  text: string,
  options: WholeFileOptions,
): Result<undefined, FileFailure> {
  const unfinished = `${path}${UNFINISHED}`;
  const errno = create(unfinished, text, options) ?? rename(unfinished, path, options);
  return errno === undefined ? success(undefined) : failure(fileFailure(path, errno));
}

/** Makes a new file, safely on the disk when this returns unless it is volatile; one that cannot be finished is removed again. */
function create(path: string, text: string, options: WholeFileOptions): Errno | undefined {
  const { mode, volatile = false, calls = FILE_CALLS } = options;
  let fd: number;
  try {
    fd = openNew(path, options);
  } catch (error) {
    return refusalOf(error);
  }
  try {
    writeAll(fd, new TextEncoder().encode(text), calls);
    // The mode was cut by the umask.
    if ((mode & 0o077) !== 0) calls.fchmodSync(fd, mode);
    if (!volatile) calls.fsyncSync(fd);
    return undefined;
  } catch (error) {
    attempt(() => calls.unlinkSync(path));
    return refusalOf(error);
  } finally {
    calls.closeSync(fd);
  }
}

function openNew(path: string, options: WholeFileOptions): number {
  const { mode, calls = FILE_CALLS } = options;
  for (let obstacles = 0; ; obstacles++) {
    try {
      return calls.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    } catch (error) {
      if (obstacles >= OBSTACLES_MAX || !clearWay(path, refusalOf(error), options)) throw error;
    }
  }
}

/** Does away with what keeps a new file from being made; answers whether it is worth another try. */
function clearWay(path: string, errno: Errno, options: WholeFileOptions): boolean {
  const { directoryMode, log, calls = FILE_CALLS } = options;
  switch (errno) {
    case "EEXIST":
      // What a crash left unfinished covers nothing; a link is removed, not followed.
      if (attempt(() => calls.unlinkSync(path)) === undefined) return true;
      return moveAside(path, { log, because: "an unfinished file belongs there", calls }).ok;
    case "ENOTDIR":
    case "ENOENT": {
      // Only the directory itself is ours to make or to replace, not those above it.
      if (directoryMode === undefined) return false;
      const directory = dirname(path);
      const make = () => calls.mkdirSync(directory, { recursive: true, mode: directoryMode });
      if (errno === "ENOENT" && attempt(make) === undefined) return true;
      return moveAside(directory, { log, because: "it is not a directory", calls }).ok;
    }
    default:
      return false;
  }
}

function rename(from: string, to: string, { log, calls = FILE_CALLS }: WholeFileOptions): Errno | undefined {
  const go = () => attempt(() => calls.renameSync(from, to));
  const errno = go();
  if (errno === undefined) return undefined;
  // A directory cannot be replaced by a file; an empty one of ours could be removed, but it may be somebody's.
  const isMoved = errno === "EISDIR" && moveAside(to, { log, because: "it is a directory", calls }).ok;
  const last = isMoved ? go() : errno;
  if (last !== undefined) attempt(() => calls.unlinkSync(from));
  return last;
}

function attempt(work: () => void): Errno | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return refusalOf(error);
  }
}
