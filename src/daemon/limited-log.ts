import { LineLimiter } from "../base/line-limiter.ts";
import type { Log, LogFields, LogLevel } from "../base/log.ts";
import type { TurnClock } from "./turn-clock.ts";

/** Makes a line; called only if it is written. */
type Line = () => { readonly message: string; readonly fields?: LogFields };

/** The log for lines that a stranger can cause. `about` names the VM, user or CPU whose lines are limited together. */
export type LimitedLog = (about: string, level: LogLevel, line: Line) => void;

/** Lets a few lines per minute through for each VM, user or CPU, and counts the rest. */
export function limitedLog(log: Log, time: TurnClock, linesMax?: number): LimitedLog {
  const limiter = new LineLimiter(linesMax);
  return (about, level, line) => {
    const allowed = limiter.allow(about, time().monoMs);
    if (allowed === undefined) return;
    const { message, fields } = line();
    const more = allowed.suppressed === 0 ? "" : ` (${allowed.suppressed} more such lines left out)`;
    log[level](`${message}${more}`, fields);
  };
}
