import fs from "node:fs";
import type { Log } from "../base/log.ts";
import { failure, type Result, success } from "../base/result.ts";
import { refusalOf } from "./errno.ts";
import { FILE_CALLS, type FileCalls } from "./file-calls.ts";

/** Names that are tried for what is moved aside; more than these were left there by somebody who means harm. */
const NAMES_MAX = 16;

/** What {@link moveAside} works with. */
export interface MoveAsideOptions {
  readonly log: Log;
  /** Why it may not stay, for an operator. */
  readonly because: string;
  readonly calls?: FileCalls;
}

/**
 * Renames what stands where a file of ours belongs, whatever it is, and tells where it went. Nothing is deleted: it may
 * be somebody's. Answers its new path, or why it stays.
 */
export function moveAside(path: string, options: MoveAsideOptions): Result<string> {
  const { log, because, calls = FILE_CALLS } = options;
  let errno = "EEXIST";
  for (let i = 1; i <= NAMES_MAX; i++) {
    const aside = i === 1 ? `${path}.bad` : `${path}.bad-${i}`;
    // A rename would replace a file of that name without a word.
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
