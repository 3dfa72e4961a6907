import { LOG_LEVELS, type Log, type LogFields, type LogLevel } from "../base/log.ts";
import { openStderr } from "../os/stderr.ts";
import { openJournal, PRIORITY } from "../systemd/journal.ts";
import { LogBudget } from "./log-budget.ts";

/** A log whose level can be changed. */
export interface LeveledLog extends Log {
  setLevel(level: LogLevel): void;
}

/** Writes lines to the journal with native fields if stderr goes there, else to stderr, within a {@link LogBudget}. */
export function openLog(
  env: Readonly<Record<string, string | undefined>>,
  first: LogLevel,
  stderr = openStderr(),
): LeveledLog {
  const write = plainWriter(env, stderr);
  const journal = openJournal(env, write);
  const budget = new LogBudget();
  let loudest = LOG_LEVELS.indexOf(first);
  const line = (level: LogLevel) => {
    const rank = LOG_LEVELS.indexOf(level);
    const sink = journal?.[level] ?? ((message: string) => write(level, message));
    return (message: string, fields?: LogFields) => {
      if (rank > loudest) return;
      const admitted = budget.admit(message, fields, performance.now());
      if (admitted !== undefined) sink(printable(admitted), fields);
    };
  };
  return {
    error: line("error"),
    warning: line("warning"),
    notice: line("notice"),
    info: line("info"),
    debug: line("debug"),
    setLevel: (level) => {
      loudest = LOG_LEVELS.indexOf(level);
    },
  };
}

/** On stderr, lines have a time stamp, or under systemd the priority that it reads. */
function plainWriter(
  env: Readonly<Record<string, string | undefined>>,
  stderr: (text: string) => void,
): (level: LogLevel, message: string) => void {
  const collected = env["JOURNAL_STREAM"] !== undefined || env["INVOCATION_ID"] !== undefined;
  return (level, message) => {
    const line = collected
      ? `<${PRIORITY[level]}>${message}`
      : `${new Date().toISOString()} ${level.padEnd(7)} ${message}`;
    stderr(`${line}\n`);
  };
}

/**
 * Makes text safe to show. Names come from guests and file systems: a control character must not reach a terminal or
 * split a line.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are replaced.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
