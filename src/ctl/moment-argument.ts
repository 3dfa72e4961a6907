import { UsageError } from "../terminal/exit-code.ts";
import { quoted } from "../terminal/text.ts";
import { durationArgument, optionOf } from "./arguments.ts";

/** A date, a time of day, or both: `2026-11-28`, `03:10`, `2026-11-28 03:10:30`, with a T or a space between them. */
const MOMENT = /^(?:(\d{4})-(\d{2})-(\d{2}))?[T ]?(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/** Parses the value of an option that is a time in the past, and not one to come. */
export function pastOf(values: ReadonlyMap<string, string>, flag: string, nowMs: number): number | undefined {
  return optionOf(values, flag, (text) => {
    const atMs = momentArgument(text, nowMs);
    if (atMs <= nowMs) return atMs;
    throw new UsageError(`${quoted(text)} is still to come: name a time that has passed`);
  });
}

/** Parses `--since` and `--until`, the first and the last moment of a time in the past. */
export function spanOf(
  values: ReadonlyMap<string, string>,
  nowMs: number,
): { fromMs?: number; toMs?: number } {
  const fromMs = pastOf(values, "--since", nowMs);
  const toMs = optionOf(values, "--until", (text) => momentArgument(text, nowMs));
  if (fromMs !== undefined && fromMs >= (toMs ?? nowMs))
    throw new UsageError(
      `--since ${values.get("--since")} is not before --until ${values.get("--until") ?? "now"}: name an earlier time`,
    );
  return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
}

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
    throw new UsageError(`${quoted(text)} is not a time like 03:10, "2026-11-28 03:10", 2h (ago) or now`);
  if (!hasDate && date.getTime() > nowMs) date.setDate(date.getDate() - 1);
  return date.getTime();
}
