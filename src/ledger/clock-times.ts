import type { Clock, Setting, Speed, Write } from "../base/clock.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import type { Now } from "../base/now.ts";

/** Speeds of one clock with a state of their own; neighbours of a longer table share states. */
const CLOCK_STATES_MAX = 16;

/** The state of a clock that has its original settings. It stands where other states have their speed. */
export const OWN_SETTINGS = 0;

/** How long one clock was in each state, and what happened to it, since it is known. */
export class ClockTimes {
  readonly clock: Clock;
  /** The states: {@link OWN_SETTINGS}, and then the highest speed of each, in kHz, descending. */
  readonly states: readonly Khz[];
  /** Seconds in each state until the last {@link elapse}. */
  readonly seconds: Float64Array;
  /** Settings that the kernel accepted. */
  transitions = 0;
  /** Granted requests that did not get what they asked for: for a limit or another claim, or for an operator's hold. */
  bounded = 0;
  held = 0;
  /** On the wall clock. */
  readonly sinceMs: number;
  #state: number;
  #elapsedMs: number;

  constructor(clock: Clock, setting: Setting, { monoMs, wallMs }: Now) {
    const { speeds } = clock.table;
    const count = Math.min(speeds.length, CLOCK_STATES_MAX);
    const first = (state: number) => Math.ceil((state * speeds.length) / count);
    this.clock = clock;
    this.states = [
      OWN_SETTINGS,
      ...Array.from({ length: count }, (_, state) => (speeds[first(state)] as Speed).khz),
    ];
    this.seconds = new Float64Array(count + 1);
    this.sinceMs = wallMs;
    this.#state = this.#stateOf(setting);
    this.#elapsedMs = monoMs;
  }

  /** A setting was accepted. Called while a packet is handled, so it allocates nothing. */
  set(setting: Setting, monoMs: number): void {
    this.elapse(monoMs);
    this.#state = this.#stateOf(setting);
    this.transitions++;
  }

  /** Adds the time until now. */
  elapse(monoMs: number): void {
    const { seconds } = this;
    seconds[this.#state] = (seconds[this.#state] as number) + (monoMs - this.#elapsedMs) / 1000;
    this.#elapsedMs = monoMs;
  }

  #stateOf(setting: Setting): number {
    if (setting === "baseline") return 0;
    const { speeds } = this.clock.table;
    if (typeof setting === "number") return this.#stateAt(setting);
    let index = speeds.length - 1;
    // A speed between two entries belongs to the higher one.
    while (index > 0 && (speeds[index] as Speed).khz < setting.khz) index--;
    return this.#stateAt(index);
  }

  #stateAt(index: number): number {
    return 1 + Math.floor((index * (this.seconds.length - 1)) / this.clock.table.speeds.length);
  }
}

/** How long each clock of a host was in each state, from the settings that the kernel accepted. */
export class HostTimes {
  readonly #clocks = new Map<Pcpu, ClockTimes>();

  /** A write was accepted. Called while a packet is handled. Unknown clocks are ignored. */
  accepted({ clock, setting }: Write, monoMs: number): void {
    this.#clocks.get(clock)?.set(setting, monoMs);
  }

  /** A request for a clock was granted, and did not get what it asked for. */
  limited(id: Pcpu, kind: "bounded" | "held"): void {
    const times = this.#clocks.get(id);
    if (times !== undefined) times[kind]++;
  }

  /** A clock's times until now; undefined for one that is not managed, or for none. */
  of(id: Pcpu | undefined, monoMs: number): ClockTimes | undefined {
    const times = this.#clocks.get(id as Pcpu);
    times?.elapse(monoMs);
    return times;
  }

  /**
   * Follows the host's clocks, with what the kernel accepted last. A clock that is another object has another table, and
   * begins anew.
   */
  follow(clocks: Iterable<readonly [Clock, Setting | undefined]>, now: Now): void {
    const ids = new Set<Pcpu>();
    for (const [clock, setting = "baseline"] of clocks) {
      ids.add(clock.id);
      const known = this.#clocks.get(clock.id);
      if (known?.clock === clock) continue;
      known?.elapse(now.monoMs);
      this.#clocks.set(clock.id, new ClockTimes(clock, setting, now));
    }
    for (const [id, times] of this.#clocks) {
      if (ids.has(id)) continue;
      times.elapse(now.monoMs);
      this.#clocks.delete(id);
    }
  }
}
