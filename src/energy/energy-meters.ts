import { choose, chooseNamed } from "./choose.ts";
import { meterNumber, type ReadText, readText } from "./files.ts";
import { findSensors } from "./hwmon.ts";
import type { Meter } from "./meter.ts";
import { findZones } from "./powercap.ts";
import { type Reading, Readings } from "./reading.ts";

/** A meter that tells nothing new for so long in ms, or for some intervals, is not believed any more. */
const STILL_MS = 60_000;
const STILL_INTERVALS = 3;

/** How often all meters are looked for and read again, in ms: a driver may have been loaded, a zone have come back. */
const SEARCH_MS = 300_000;

/** A meter is alive if its second reading differs from its first. */
const READINGS_TO_DECIDE = 2;

/** The most meters that are read: those of eight sockets and their memory are 16. */
const METERS_MAX = 256;

/** Where meters are, and which of them count. */
export interface EnergyMetersOptions {
  readonly powercap: string;
  readonly hwmon: string;
  readonly meters: "auto" | readonly string[];
  readonly intervalMs: number;
  /** The monotonic clock. */
  readonly nowMs: () => number;
  readonly read?: ReadText;
}

/**
 * What the host used since a time on the monotonic clock: that of the last complete reading, unless other meters were
 * lost since. `waiting`: some meters told nothing new, and a later reading will contain it. `none`: no meter is believed.
 */
export type Measured =
  | { readonly state: "complete"; readonly joules: number; readonly sinceMs: number }
  | { readonly state: "waiting" | "none" };

/** The numbers of counters by meter, for the next daemon of the same boot. */
export type Counters = Readonly<Record<string, Reading>>;

/** A meter that was found, and what it told. */
interface Found {
  readonly meter: Meter;
  readonly readings: Readings;
  /** Joules since the last complete reading; undefined if it told nothing since. */
  joules: number | undefined;
  fault: string | undefined;
}

/** Reads the meters of the host. One that stands still or vanishes does not count, and another may take its place. */
export class EnergyMeters {
  readonly #options: EnergyMetersOptions;
  readonly #stillMs: number;
  #found: readonly Found[] = [];
  #used: readonly Found[] = [];
  #searchedMs = 0;
  #toDecide = 0;
  #isNone = false;
  /** When the joules of all meters began to be summed. */
  #sinceMs: number | undefined;
  readonly #firstMs: number;

  /** `counters` are the numbers that an earlier daemon read in this boot. */
  constructor(options: EnergyMetersOptions, counters: Counters = {}) {
    this.#options = options;
    this.#stillMs = Math.max(STILL_MS, STILL_INTERVALS * options.intervalMs);
    this.#firstMs = Math.min(options.nowMs(), ...Object.values(counters).map(({ atMs }) => atMs));
    this.#search(counters);
  }

  /** The meters that count. */
  get used(): readonly string[] {
    return this.#used.map(({ meter }) => meter.id);
  }

  /** Whether there is any file that is or may be a meter. */
  get hasAny(): boolean {
    return this.#found.length > 0;
  }

  /** Why a meter that was found or named does not count; undefined if all is well. */
  get problem(): string | undefined {
    const { meters } = this.#options;
    const broken = this.#found.find(({ fault }) => fault !== undefined);
    if (broken !== undefined) return `${broken.meter.id}: ${broken.fault}`;
    const missing = meters === "auto" ? undefined : meters.find((id) => !this.used.includes(id));
    if (missing !== undefined)
      return this.#found.some(({ meter }) => meter.id === missing)
        ? `${missing}: it stands still, or another meter contains it`
        : `${missing}: there is no such meter`;
    if (this.#used.length > 0 || this.#found.length === 0) return undefined;
    return `${this.#found[0]?.meter.id}: it stands still`;
  }

  /** The last numbers of the counters that count. */
  counters(): Counters {
    return Object.fromEntries(
      this.#used.flatMap(({ meter, readings }) =>
        meter.quantity === "power" || readings.last === undefined ? [] : [[meter.id, readings.last]],
      ),
    );
  }

  /** Reads the meters that count; all of them while that is to be decided. */
  async read(): Promise<Measured> {
    const { nowMs } = this.#options;
    if (nowMs() - this.#searchedMs >= SEARCH_MS) this.#search({});
    const all = this.#toDecide > 0 || this.#used.length === 0;
    await Promise.all((all ? this.#found : this.#used).map((found) => this.#take(found)));
    const atMs = nowMs();
    if (this.#used.some((found) => !this.#isAlive(found, atMs))) this.#used = [];
    const measured = this.#settled(atMs);
    // After a search and two readings, another choice may be better.
    if (all && --this.#toDecide <= 0 && measured.state === "complete") this.#used = this.#choose(atMs);
    return measured;
  }

  #search(counters: Counters): void {
    const { powercap, hwmon, meters, nowMs } = this.#options;
    const before = new Map(this.#found.map((found) => [found.meter.id + found.meter.file, found]));
    const candidates = [...findZones(powercap), ...findSensors(hwmon)].filter(({ id, scope }) =>
      meters === "auto" ? scope !== "other" : meters.includes(id),
    );
    this.#found = candidates.slice(0, METERS_MAX).map((meter): Found => {
      const readings = () =>
        new Readings(meter, meter.quantity === "energy" ? counters[meter.id] : undefined);
      return (
        before.get(meter.id + meter.file) ?? {
          meter,
          readings: readings(),
          joules: undefined,
          fault: undefined,
        }
      );
    });
    this.#used = this.#used.filter((found) => this.#found.includes(found));
    this.#searchedMs = nowMs();
    this.#toDecide = READINGS_TO_DECIDE;
  }

  async #take(found: Found): Promise<void> {
    const { read = readText, nowMs } = this.#options;
    const text = await read(found.meter.file);
    found.fault = text.ok ? undefined : text.why;
    const value = text.ok ? meterNumber(text.value) : undefined;
    const joules = value === undefined ? undefined : found.readings.take({ value, atMs: nowMs() });
    if (joules !== undefined) found.joules = (found.joules ?? 0) + joules;
  }

  #isAlive({ readings }: Found, atMs: number): boolean {
    return readings.aliveMs !== undefined && atMs - readings.aliveMs < this.#stillMs;
  }

  #choose(atMs: number): readonly Found[] {
    const { meters } = this.#options;
    const alive = this.#found.filter((found) => this.#isAlive(found, atMs));
    const candidates = alive.map(({ meter }) => meter);
    const chosen = meters === "auto" ? choose(candidates) : chooseNamed(candidates, meters);
    return alive.filter(({ meter }) => chosen.includes(meter));
  }

  /** Sums what the meters told since the last complete reading, if all have told something. */
  #settled(atMs: number): Measured {
    if (this.#used.length === 0) {
      const chosen = this.#choose(atMs);
      if (chosen.length === 0) {
        this.#isNone = this.#isNone || this.#found.length === 0 || atMs - this.#searchedMs >= this.#stillMs;
        return { state: this.#isNone ? "none" : "waiting" };
      }
      this.#used = chosen;
      // They may tell about a time that was accounted without them.
      if (this.#sinceMs !== undefined || this.#isNone) this.#forget(atMs);
      this.#isNone = false;
    }
    if (this.#used.some(({ joules }) => joules === undefined)) return { state: "waiting" };
    const joules = this.#used.reduce((sum, found) => sum + (found.joules ?? 0), 0);
    const sinceMs = this.#sinceMs ?? this.#firstMs;
    this.#forget(atMs);
    return { state: "complete", joules, sinceMs };
  }

  #forget(atMs: number): void {
    this.#sinceMs = atMs;
    for (const found of this.#found) found.joules = undefined;
  }
}
