import fs from "node:fs";
import type { Log } from "../base/log.ts";
import { failure, type Result, success } from "../base/result.ts";
import { refusalOf } from "./errno.ts";
import { FILE_CALLS, type FileCalls } from "./file-calls.ts";

/** The most names that are tried for a file that is moved aside. */
const NAMES_MAX = 16;

/** Options of {@link moveAside}. */
export interface MoveAsideOptions {
  readonly log: Log;
  /** Why it has to go, for an operator. */
  readonly because: string;
  readonly calls?: FileCalls;
}

/**
 * Renames whatever is in the place of one of our files and logs its new name. Nothing is deleted, since it may be
 * somebody's. Returns the new path, or why it could not be renamed.
 */
export function moveAside(path: string, options: MoveAsideOptions): Result<string> {
  const { log, because, calls = FILE_CALLS } = options;
  let errno = "EEXIST";
  for (let i = 1; i <= NAMES_MAX; i++) {
    const aside = i === 1 ? `${path}.bad` : `${path}.bad-${i}`;
    // A rename would silently replace a file of that name.
    if (fs.lstatSync(aside, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      calls.renameSync(path, aside);
      log.error(`"${path}" is in the way of vm-power (${because}): it was moved to "${aside}"`);
      return success(aside);
    } catch (error) {
      errno = refusalOf(error);
      break;
    }
  }
  const why = `"${path}" is in the way of vm-power (${because}) and cannot be moved aside: ${errno}; remove it`;
  log.error(why);
  return failure(why);
}
