import { UsageError } from "../terminal/exit-code.ts";
import { durationArgument } from "./arguments.ts";

/** A date, a time of day, or both: `2026-11-28`, `03:10`, `2026-11-28 03:10:30`, with a T or a space between them. */
const MOMENT = /^(?:(\d{4})-(\d{2})-(\d{2}))?[T ]?(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/**
 * Parses a time in the past, in the operator's zone, in ms: a time of day is the last one that has passed, `2h` is two
 * hours ago, `now` is now.
 */
export function momentArgument(text: string, nowMs: number): number {
  if (text === "now") return nowMs;
  if (/^\d+[smhd]$/.test(text)) return nowMs - durationArgument(text) * 1000;
  const match = MOMENT.exec(text.trim());
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1).map(Number);
  const today = new Date(nowMs);
  const hasDate = match?.[1] !== undefined;
  const isTime = match?.[4] !== undefined;
  const date = new Date(
    hasDate ? Number(year) : today.getFullYear(),
    hasDate ? Number(month) - 1 : today.getMonth(),
    hasDate ? Number(day) : today.getDate(),
    isTime ? Number(hour) : 0,
    isTime ? Number(minute) : 0,
    match?.[6] === undefined ? 0 : Number(second),
  );
  // Out of range, a Date goes on with the next day or month.
  const isReal =
    (!hasDate || (date.getMonth() === Number(month) - 1 && date.getDate() === Number(day))) &&
    (!isTime ||
      (Number(hour) < 24 && Number(minute) < 60 && (match?.[6] === undefined || Number(second) < 60)));
  if (match === null || !(hasDate || isTime) || !isReal)
    throw new UsageError(`"${text}" is not a time: write it like 03:10, "2026-11-28 03:10", 2h (ago) or now`);
  if (!hasDate && date.getTime() > nowMs) date.setDate(date.getDate() - 1);
  return date.getTime();
}
