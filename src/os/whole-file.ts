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

/** Suffix of a file's name until it is written completely. */
export const UNFINISHED = ".new";

/** The most entries in the way that are removed before a write fails. */
const OBSTACLES_MAX = 4;

/** How to write a file. */
export interface WholeFileOptions {
  readonly mode: number;
  /** Called when an entry in the way was moved aside. */
  readonly log: Log;
  /** Makes the directory with this mode where it is missing. */
  readonly directoryMode?: number;
  /** The file may be lost with a power cut: do not wait for the disk. */
  readonly volatile?: boolean;
  readonly calls?: FileCalls;
}

/**
 * Writes a file so that it is complete or unchanged, whenever the process or the power ends. An entry in the way (a
 * directory, a leftover of a crash) does not stop it, and no link is followed.
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

/**
 * Makes a new file. Unless it is volatile, it is on the disk when this returns. A file that cannot be completed is
 * removed.
 */
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
    // The umask reduced the mode.
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

/** Removes what keeps a new file from being made. Returns whether another attempt makes sense. */
function clearWay(path: string, errno: Errno, options: WholeFileOptions): boolean {
  const { directoryMode, log, calls = FILE_CALLS } = options;
  switch (errno) {
    case "EEXIST":
      // An unfinished file of a crash is not needed; a link is removed, not followed.
      if (attempt(() => calls.unlinkSync(path)) === undefined) return true;
      return moveAside(path, { log, because: "an unfinished file belongs there", calls }).ok;
    case "ENOTDIR":
    case "ENOENT": {
      // Only the directory itself may be made or replaced, not its parents.
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
  // A file cannot replace a directory. The directory may belong to somebody, so it is moved even if it is empty.
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
