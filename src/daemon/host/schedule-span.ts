import { HOURS } from "../../base/policy-rule.ts";
import { WEEKDAYS } from "../../base/weekday.ts";
import type { Schedule } from "../../config/schedule/schedules.ts";
import type { LocalHours } from "../local-hours.ts";

/** How many hours ahead a boundary is looked for: a week, and the hours that daylight saving adds. */
const HOURS_AHEAD_MAX = 7 * 24 + 4;

/** A time in which a schedule is in force, or is not, without a break. */
export interface Span {
  readonly isOn: boolean;
  /** On the wall clock. It may have begun earlier. */
  readonly fromMs: number;
  /** On the wall clock; infinity for a schedule that always or never holds. */
  readonly endsMs: number;
}

/** The span of a schedule at a time of the wall clock. Only its end is looked for. */
export function spanAt(schedule: Schedule, hours: LocalHours, wallMs: number): Span {
  if (schedule.hours.length === HOURS && schedule.days.length === WEEKDAYS.length)
    return { isOn: true, fromMs: Number.NEGATIVE_INFINITY, endsMs: Number.POSITIVE_INFINITY };
  const isOn = isOnAt(schedule, hours, wallMs);
  let endsMs = wallMs;
  for (let looked = 0; looked < HOURS_AHEAD_MAX; looked++) {
    endsMs = hours.at(endsMs).endsAtMs;
    if (isOnAt(schedule, hours, endsMs) !== isOn) break;
  }
  // An hour that no boundary follows within a week is looked at again then.
  return { isOn, fromMs: wallMs, endsMs };
}

function isOnAt({ hours: chosen, days }: Schedule, hours: LocalHours, wallMs: number): boolean {
  if (!chosen.includes(hours.at(wallMs).hour)) return false;
  return days.length === WEEKDAYS.length || days.includes(hours.weekdayAt(wallMs));
}
