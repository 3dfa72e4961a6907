import { LineLimiter } from "../base/line-limiter.ts";
import type { LogFields } from "../base/log.ts";

/** Lines in a minute about one VM, CPU, user or subject. */
const LINES_ABOUT_MAX = 100;

/** Lines in a minute about everything together: a start with 4,000 channels stays below. */
const LINES_MAX = 10_000;

/**
 * The last bound on the log, behind all others: whoever causes lines, and whatever part of the daemon writes them, they
 * cannot fill a disk.
 */
export class LogBudget {
  readonly #about = new LineLimiter(LINES_ABOUT_MAX);
  readonly #all = new LineLimiter(LINES_MAX);

  /** The message as it may be written now, with how many were left out before it; undefined where it is one too many. */
  admit(message: string, fields: LogFields | undefined, nowMs: number): string | undefined {
    const about = this.#about.allow(subjectOf(message, fields), nowMs);
    if (about === undefined) return undefined;
    const all = this.#all.allow("", nowMs);
    if (all === undefined) return undefined;
    const suppressed = about.suppressed + all.suppressed;
    return suppressed === 0 ? message : `${message} (${suppressed} more such lines left out)`;
  }
}

/** What a line is about: what its fields name, else its words without what varies in them. */
function subjectOf(message: string, fields: LogFields | undefined): string {
  const named = fields?.["VM"] ?? fields?.["CALLER_UID"] ?? fields?.["CPU"];
  return named === undefined ? message.replaceAll(/"[^"]*"|\d+/g, "") : `${fields?.["MESSAGE_ID"]} ${named}`;
}
