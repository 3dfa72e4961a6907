import { KHZ_MAX } from "../../base/domain.ts";
import { HOURS } from "../../base/policy-rule.ts";
import { parseSpeedBound } from "../../base/speed-bound.ts";
import { vmNameFault } from "../../base/vm-name.ts";
import type { WantedSpeed } from "../../base/wanted-speed.ts";
import { WEEKDAYS, type Weekday } from "../../base/weekday.ts";
import { nearest } from "../suggest.ts";
import type { Parsed } from "../values.ts";

/** The most names and patterns of VMs in one list. */
const VMS_MAX = 64;

/** Reads names and patterns of VMs, separated by spaces or commas. */
export function vmPatterns(text: string): Parsed<readonly string[]> {
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  if (names.length === 0 || names.length > VMS_MAX || names.some((name) => vmNameFault(name) !== undefined))
    return { expected: `1 to ${VMS_MAX} names of VMs or patterns like web*, separated by spaces` };
  return { value: [...new Set(names)] };
}

/** Reads days of the week, `Mon-Fri,Sun`. A range may go over the end of the week. */
export function weekdays(text: string): Parsed<readonly Weekday[]> {
  const expected = "days of the week like Mon-Fri,Sun";
  const days = readRanges(text, WEEKDAYS.length, (word) =>
    WEEKDAYS.findIndex((day) => day.toLowerCase() === word.toLowerCase()),
  );
  return days === undefined ? { expected } : { value: WEEKDAYS.filter((_, index) => days.has(index)) };
}

/** Reads hours of the day, `08-18,22`, both ends included. A range may go over midnight: `22-05`. */
export function hoursOfDay(text: string): Parsed<readonly number[]> {
  const hours = readRanges(text, HOURS, (word) => (/^\d{1,2}$/.test(word) ? Number(word) : -1));
  if (hours !== undefined) return { value: [...hours].sort((a, b) => a - b) };
  return { expected: `hours from 0 to ${HOURS - 1} like 08-18,22; 08-18 ends at 18:59` };
}

/** The numbers below `end` that a list of words and ranges names; undefined if it is no such list. */
function readRanges(text: string, end: number, numberOf: (word: string) => number): Set<number> | undefined {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const words = part.trim().split(/\s*-\s*/);
    const [first = -1, last = first] = words.map(numberOf);
    const isRange = first >= 0 && last >= 0 && first < end && last < end;
    if (words.length > 2 || !isRange) return undefined;
    for (let each = first; each !== last; each = (each + 1) % end) found.add(each);
    found.add(last);
  }
  return found;
}

/** Reads the name of a time zone that the runtime knows, like `Europe/Berlin`. */
export function timeZone(text: string): Parsed<string> {
  try {
    // An offset like +02:00 is none: it has no daylight saving, and an operator who writes it may expect that.
    if (/^[A-Za-z]/.test(text)) new Intl.DateTimeFormat("en-US", { timeZone: text });
    else return { expected: "a time zone like Europe/Berlin or UTC" };
    return { value: text };
  } catch {
    const near = nearest(text, Intl.supportedValuesOf("timeZone"));
    const expected = "a time zone like Europe/Berlin or UTC";
    return near === undefined ? { expected } : { expected, suggestion: `did you mean ${near}?` };
  }
}

/** Reads the speed that a schedule wants. */
export function wantedSpeed(text: string): Parsed<WantedSpeed> {
  if (text === "max" || text === "min") return { value: text };
  const value = parseSpeedBound(text);
  if (value !== undefined && value !== "none") return { value };
  return { expected: `max, min, a speed up to ${KHZ_MAX} kHz like 1.8GHz, or a part like 60%` };
}
