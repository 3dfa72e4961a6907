import type { Timeline } from "../machine/timeline.ts";
import { WEEKDAYS } from "../players/schedule.ts";

/** The daemon looks at the clock of the wall and at the zone at its heartbeat, every 14 s. */
const HEARTBEAT_MS = 15_000;

const QUARTER_MS = 15 * 60_000;

/** The hours of the week in a zone, as far as the daemon may know them. 0 is the first hour of Monday. */
export class LocalHours {
  readonly #timeline: Timeline;
  readonly #format: Intl.DateTimeFormat;
  #last = { quarter: -1, hour: 0 };

  constructor(timeline: Timeline, zone: string) {
    this.#timeline = timeline;
    const parts = { weekday: "short", hour: "2-digit", hourCycle: "h23" } as const;
    this.#format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...parts });
  }

  possible(): Set<number> {
    const { nowMs, jumps } = this.#timeline;
    let { wallMs } = this.#timeline;
    const hours = new Set([this.at(wallMs), this.at(wallMs - HEARTBEAT_MS)]);
    for (const { atMs, byMs } of jumps) {
      if (nowMs - atMs >= HEARTBEAT_MS) break;
      wallMs -= byMs;
      hours.add(this.at(wallMs)).add(this.at(wallMs - HEARTBEAT_MS));
    }
    return hours;
  }

  /** Whether another hour may have begun since then, on the monotonic clock. */
  turnIn(fromMs: number): boolean {
    const { wallMs, nowMs, jumps } = this.#timeline;
    const [last] = jumps;
    if (last !== undefined && last.atMs > fromMs - HEARTBEAT_MS) return true;
    return this.at(wallMs - (nowMs - fromMs) - HEARTBEAT_MS) !== this.at(wallMs);
  }

  /** The hour of the week at a time. No zone has hours that begin within a quarter. */
  at(wallMs: number): number {
    const quarter = Math.floor(wallMs / QUARTER_MS);
    if (quarter !== this.#last.quarter) this.#last = { quarter, hour: this.#hourOfWeek(wallMs) };
    return this.#last.hour;
  }

  #hourOfWeek(wallMs: number): number {
    const parts = this.#format.formatToParts(wallMs);
    const said = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
    return WEEKDAYS.indexOf(said("weekday")) * 24 + Number(said("hour"));
  }
}
