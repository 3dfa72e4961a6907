import { LineLimiter } from "../base/line-limiter.ts";
import type { LogFields } from "../base/log.ts";

/** Lines per minute about one VM, CPU, user or subject. */
const LINES_ABOUT_MAX = 100;

/** Lines per minute in total. A start with 4,000 channels writes fewer. */
const LINES_MAX = 10_000;

/**
 * The last limit on the log, after all others: whatever causes lines in any part of the daemon, they cannot fill a
 * disk.
 */
export class LogBudget {
  readonly #about = new LineLimiter(LINES_ABOUT_MAX);
  readonly #all = new LineLimiter(LINES_MAX);

  /** Returns the message to write, with the number of lines left out before it; undefined if the limit is reached. */
  admit(message: string, fields: LogFields | undefined, nowMs: number): string | undefined {
    const about = this.#about.allow(subjectOf(message, fields), nowMs);
    if (about === undefined) return undefined;
    const all = this.#all.allow("", nowMs);
    if (all === undefined) return undefined;
    const suppressed = about.suppressed + all.suppressed;
    return suppressed === 0 ? message : `${message} (${suppressed} more such lines left out)`;
  }
}

/** The subject of a line: what its fields name, else its text without the parts that vary. */
function subjectOf(message: string, fields: LogFields | undefined): string {
  const named = fields?.["VM"] ?? fields?.["CALLER_UID"] ?? fields?.["CPU"];
  return named === undefined ? message.replaceAll(/"[^"]*"|\d+/g, "") : `${fields?.["MESSAGE_ID"]} ${named}`;
}
