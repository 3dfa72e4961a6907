import type { Khz } from "../base/domain.ts";
import { formatGhz, formatKhz } from "../base/format-khz.ts";

/**
 * Makes untrusted text safe to show: characters that a terminal would act on, or that reorder a line, become escapes.
 * VM names and reasons are untrusted.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** The longest text that an error repeats. */
const QUOTED_MAX = 80;

/** Quotes text of the user for an error, and shortens it. */
export function quoted(text: string): string {
  const chars = [...text.slice(0, 2 * QUOTED_MAX)];
  return `"${chars.length > QUOTED_MAX ? `${chars.slice(0, QUOTED_MAX).join("")}…` : text}"`;
}

/** Formats JSON that is as safe to show. Escapes are part of JSON, so no information is lost. */
export function jsonText(value: unknown, { pretty }: { readonly pretty: boolean }): string {
  return JSON.stringify(value, null, pretty ? 2 : 0).replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) =>
    Array.from(char, hexEscape).join(""),
  );
}

function hexEscape(char: string): string {
  // A character outside the basic plane has two escapes in JSON.
  return Array.from(
    { length: char.length },
    (_, index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** Formats a range of speeds: `1.200–2.300 GHz`. */
export function formatRange(minKhz: Khz | undefined, maxKhz: Khz | undefined): string {
  if (minKhz !== undefined && maxKhz !== undefined) return `${formatGhz(minKhz)}–${formatKhz(maxKhz)}`;
  if (minKhz !== undefined) return `≥ ${formatKhz(minKhz)}`;
  return maxKhz === undefined ? "-" : `≤ ${formatKhz(maxKhz)}`;
}

/** Formats a time in the operator's zone: `2026-01-31 08:15:00`. */
export function formatTime(atMs: number): string {
  return `${formatDate(new Date(atMs))} ${formatTimeOfDay(atMs)}`;
}

/** Formats a time of day in the operator's zone: `08:15:00`. */
export function formatTimeOfDay(atMs: number): string {
  const date = new Date(atMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/** Formats a duration: `12 s`, `5 min`, `3 h`, `40 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `1 domain`, `2 domains`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function formatDate(date: Date): string {
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function twoDigits(number: number): string {
  return `${number}`.padStart(2, "0");
}
