import { readlinkSync } from "node:fs";
import type { PolicyMoment } from "../arbiter/policy-view.ts";
import type { LocalHour } from "../base/local-hour.ts";
import { WEEKDAYS, type Weekday } from "../base/weekday.ts";
import type { TurnClock } from "./turn-clock.ts";

/** Offsets of time zones and their changes are multiples of this, in ms; so hours begin at such times only. */
const QUARTER_MS = 15 * 60_000;

const QUARTERS_PER_HOUR = 4;

/** How far ahead the end of an hour is looked for. With daylight saving an hour can last twice as long. */
const QUARTERS_MAX = 12;

/** How long a zone is used in ms before it is asked for again, which reads a link of the file system. */
const ZONE_MS = 5000;

const HOST_ZONE_LINK = "/etc/localtime";

/** What is asked of a time: the hour of the day, or the day of the week. */
const PARTS = { hour: { hour: "2-digit", hourCycle: "h23" }, weekday: { weekday: "short" } } as const;

type Part = keyof typeof PARTS;

/** Tells the hour of the day and the day of the week in a time zone. */
export class LocalHours {
  readonly #zone: () => string | undefined;
  #name: string | undefined;
  #askedMs = Number.NaN;
  readonly #formats: Readonly<Record<Part, Map<string | undefined, Intl.DateTimeFormat>>> = {
    hour: new Map(),
    weekday: new Map(),
  };
  #last: { readonly zone: string | undefined; readonly fromMs: number; readonly hour: LocalHour } | undefined;

  /** `zone` returns the name of the zone, like `Europe/Berlin`; undefined for the zone that the process started with. */
  constructor(zone: () => string | undefined) {
    this.#zone = zone;
  }

  /** The hour at a time of the wall clock. */
  at(wallMs: number): LocalHour {
    const zone = this.#zoneAt(wallMs);
    const last = this.#last;
    const isSame = last !== undefined && last.zone === zone;
    if (isSame && wallMs >= last.fromMs && wallMs < last.hour.endsAtMs) return last.hour;
    const hour = this.#find(wallMs, zone);
    this.#last = { zone, fromMs: wallMs, hour };
    return hour;
  }

  /** The day of the week at a time of the wall clock. */
  weekdayAt(wallMs: number): Weekday {
    const zone = this.#zoneAt(wallMs);
    const day = this.#format(zone, "weekday").format(wallMs);
    return WEEKDAYS.find((each) => each === day) ?? "Mon";
  }

  #zoneAt(wallMs: number): string | undefined {
    if (!(Math.abs(wallMs - this.#askedMs) < ZONE_MS)) {
      this.#name = this.#zone();
      this.#askedMs = wallMs;
    }
    return this.#name;
  }

  #find(wallMs: number, zone: string | undefined): LocalHour {
    const hour = this.#hourOf(wallMs, zone);
    let endsAtMs = (Math.floor(wallMs / QUARTER_MS) + 1) * QUARTER_MS;
    const wholeMs = wallMs + QUARTERS_PER_HOUR * QUARTER_MS;
    // At the beginning of an hour without a change of the offset, two looks find its end.
    if (wallMs % QUARTER_MS === 0 && this.#hourOf(wholeMs - QUARTER_MS, zone) === hour)
      endsAtMs = this.#hourOf(wholeMs, zone) === hour ? endsAtMs : wholeMs;
    for (let step = 1; step < QUARTERS_MAX && this.#hourOf(endsAtMs, zone) === hour; step++)
      endsAtMs += QUARTER_MS;
    return { hour, endsAtMs };
  }

  #hourOf(wallMs: number, zone: string | undefined): number {
    return Number(this.#format(zone, "hour").format(wallMs)) % 24;
  }

  #format(zone: string | undefined, part: Part): Intl.DateTimeFormat {
    const known = this.#formats[part].get(zone);
    if (known !== undefined) return known;
    const made = formatFor(zone, PARTS[part]);
    this.#formats[part].set(zone, made);
    return made;
  }
}

/** A zone that the runtime does not know is that of the process. */
function formatFor(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", zone === undefined ? options : { ...options, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en-US", options);
  }
}

/**
 * The host's time zone. It is read again at each call, because the runtime keeps that of its start when an operator sets
 * another with `timedatectl`.
 */
export function hostZone(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env["TZ"] !== undefined && env["TZ"] !== "") return undefined;
  try {
    return /zoneinfo\/(?:posix\/)?(.+)$/.exec(readlinkSync(HOST_ZONE_LINK))?.[1];
  } catch {
    return undefined;
  }
}

/** The present moment, as guest policies need it. */
export type PolicyClock = () => PolicyMoment;

/** Reads the time and the local hour of one turn. */
export function policyClock(time: TurnClock, hours: LocalHours): PolicyClock {
  return () => {
    const now = time();
    return { now, local: hours.at(now.wallMs) };
  };
}
