const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The most marks on the axis of time. */
const TIMES_MAX = 8;

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** A mark on an axis, and its text. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Marks at round times of the operator's zone: full hours in a time of at most two days, else days. */
export function timeTicks(fromMs: number, toMs: number): Tick[] {
  const spanMs = toMs - fromMs;
  const isShort = spanMs <= 2 * DAY_MS;
  const hours = [1, 2, 3, 6, 12].find((each) => spanMs / (each * HOUR_MS) <= TIMES_MAX) ?? 12;
  const days = Math.max(1, Math.ceil(spanMs / DAY_MS / TIMES_MAX));
  const ticks: Tick[] = [];
  const date = new Date(fromMs);
  date.setHours(0, 0, 0, 0);
  while (date.getTime() <= toMs) {
    const at = date.getTime();
    if (at >= fromMs) ticks.push({ at, text: isShort ? hourText(date) : dayText(date) });
    // A day may have 23 or 25 hours.
    if (isShort) date.setHours(date.getHours() + hours);
    else date.setDate(date.getDate() + days);
  }
  return ticks;
}

/** Round numbers from 0 to a number that is not below the largest value; its last is the top of the axis. */
export function valueTicks(largest: number): number[] {
  if (!(largest > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(largest));
  const step = [0.2, 0.25, 0.5, 1, 2, 2.5, 5].map((each) => each * power).find((each) => largest / each <= 4);
  const width = step ?? 10 * power;
  const count = Math.ceil(largest / width);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * width).toPrecision(6)));
}

/** A number on an axis: `1500`, `12k`, `1.2M`. */
export function axisText(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))}M`;
  return value >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : `${Number(value.toPrecision(4))}`;
}

function hourText(date: Date): string {
  const isMidnight = date.getHours() === 0;
  return isMidnight ? dayText(date) : `${`${date.getHours()}`.padStart(2, "0")}:00`;
}

function dayText(date: Date): string {
  return `${DAYS[date.getDay()]} ${date.getDate()}`;
}
