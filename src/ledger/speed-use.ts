import type { Clock, Setting, Write } from "../base/clock.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import { NO_USE, type Use } from "./use.ts";

/** A speed, and whether it is turbo. */
export interface KnownSpeed {
  readonly khz: Khz;
  readonly isTurbo: boolean;
}

/** How one clock ran since the last account, as if it had been busy all the time. */
export interface ClockUse {
  readonly use: Use;
  readonly baseline: KnownSpeed;
  readonly max: KnownSpeed;
}

interface State {
  clock: Clock;
  khz: Khz;
  isTurbo: boolean;
  sinceMs: number;
  ghzS: number;
  ghz3S: number;
  turboS: number;
}

/** Sums the speed of each clock over time, from the settings that the kernel accepted. */
export class SpeedUse {
  readonly #clocks = new Map<Pcpu, State>();

  /** A write was accepted. Called while a packet is handled, so it allocates nothing. Unknown clocks are ignored. */
  accepted(write: Write, monoMs: number): void {
    const state = this.#clocks.get(write.clock);
    if (state === undefined) return;
    elapse(state, monoMs);
    setSpeed(state, write.setting);
  }

  /**
   * Returns the sums of all clocks until now, and begins new ones. `clocks` are those that exist now, with what the kernel
   * accepted last; undefined if that is unknown.
   */
  take(clocks: Iterable<readonly [Clock, Setting | undefined]>, monoMs: number): Map<Pcpu, ClockUse> {
    const uses = new Map<Pcpu, ClockUse>();
    for (const [clock, setting] of clocks) {
      const state = this.#clocks.get(clock.id) ?? begin(clock, monoMs);
      this.#clocks.set(clock.id, state);
      elapse(state, monoMs);
      const { ghzS, ghz3S, turboS } = state;
      const [first] = clock.table.speeds;
      uses.set(clock.id, {
        use: { ghzS, ghz3S, turboS },
        baseline: speedOf(clock, clock.baselineKhz),
        max: speedOf(clock, first?.khz ?? clock.baselineKhz),
      });
      Object.assign(state, NO_USE, { clock });
      // Another program may have changed the clock.
      if (setting !== undefined) setSpeed(state, setting);
    }
    for (const id of this.#clocks.keys()) if (!uses.has(id)) this.#clocks.delete(id);
    return uses;
  }
}

function begin(clock: Clock, monoMs: number): State {
  return { clock, ...speedOf(clock, clock.baselineKhz), sinceMs: monoMs, ...NO_USE };
}

function elapse(state: State, monoMs: number): void {
  const seconds = (monoMs - state.sinceMs) / 1000;
  const ghz = state.khz / 1e6;
  state.ghzS += ghz * seconds;
  state.ghz3S += ghz * ghz * ghz * seconds;
  if (state.isTurbo) state.turboS += seconds;
  state.sinceMs = monoMs;
}

function setSpeed(state: State, setting: Setting): void {
  const { clock } = state;
  if (setting === "baseline") state.khz = clock.baselineKhz;
  else if (typeof setting === "number") state.khz = clock.table.speeds[setting]?.khz ?? clock.baselineKhz;
  else state.khz = setting.khz;
  state.isTurbo = isTurbo(clock, state.khz);
}

function speedOf(clock: Clock, khz: Khz): KnownSpeed {
  return { khz, isTurbo: isTurbo(clock, khz) };
}

function isTurbo({ table: { speeds, turbo } }: Clock, khz: Khz): boolean {
  return turbo !== undefined && khz > (speeds[turbo.baseIndex]?.khz ?? khz);
}
