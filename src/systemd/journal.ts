import { fstatSync } from "node:fs";
import type { Log, LogFields } from "../base/log.ts";
import { LOG_LEVELS, type LogLevel } from "../base/log.ts";
import { datagramSender } from "../os/datagram.ts";

const JOURNAL_SOCKET = "/run/systemd/journal/socket";

/** syslog(3) priorities by level. */
export const PRIORITY: Readonly<Record<LogLevel, number>> = {
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

/** Longest value of a field; all fields must fit into one datagram. */
const VALUE_BYTES_MAX = 8192;

/** Writes lines that the journal did not take. */
export type Fallback = (level: LogLevel, message: string) => void;

/**
 * A log with native fields (systemd.journal-fields(7)); undefined if stderr does not go to the journal. It never
 * blocks: lines that a full journal does not take go to `fallback`.
 */
export function openJournal(
  env: Readonly<Record<string, string | undefined>>,
  fallback: Fallback,
): Log | undefined {
  if (!stderrIsJournal(env["JOURNAL_STREAM"])) return undefined;
  const sender = datagramSender(JOURNAL_SOCKET);
  if (sender === undefined) return undefined;
  const line = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (!sender.send(journalEntry(level, message, fields))) fallback(level, message);
  };
  return Object.fromEntries(LOG_LEVELS.map((level) => [level, line(level)])) as Log;
}

/** The journal's native format: `KEY=value`, or with a length where the value has line breaks. */
export function journalEntry(level: LogLevel, message: string, fields: LogFields = {}): Uint8Array {
  const parts = [
    field("MESSAGE", message),
    field("PRIORITY", PRIORITY[level]),
    field("SYSLOG_IDENTIFIER", "vm-power"),
  ];
  for (const [key, value] of Object.entries(fields))
    parts.push(field(key === "MESSAGE_ID" ? key : `VMPOWER_${key}`, value));
  return new Uint8Array(Buffer.concat(parts));
}

function field(key: string, value: string | number): Uint8Array {
  const bytes = new TextEncoder().encode(`${value}`).subarray(0, VALUE_BYTES_MAX);
  if (!bytes.includes(0x0a)) return Buffer.concat([Buffer.from(`${key}=`), bytes, Buffer.from("\n")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${key}\n`), length, bytes, Buffer.from("\n")]);
}

/** `JOURNAL_STREAM` is inherited, so it counts only if it names our stderr (systemd.exec(5)). */
function stderrIsJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(2, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
