import type { Cpu, Event } from "../admin/control-types.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import { groupBy } from "../base/group-by.ts";

/** How far back it is kept, in ms. */
const SPAN_MS = 60 * 60 * 1000;

/** Between two points of a plot, in ms. */
const STEP_MS = 10_000;

/** Changes of one clock that are kept. The daemon tells one in ten seconds. */
const CHANGES_MAX = 2 * (SPAN_MS / STEP_MS);

/** What was set on a clock from some time on: a speed, or null for its own settings. */
interface Change {
  readonly atMs: number;
  readonly khz: Khz | null;
}

/** The mean of all real speeds from some time on; null while the page did not look. */
interface Real {
  readonly atMs: number;
  readonly khz: Khz | null;
}

/** Lines of a plot: the times in s, and values in GHz or null where none is known. */
export interface Lines {
  readonly times: number[];
  readonly values: (number | null)[][];
}

/** The speeds that were set in the last hour, from the daemon's history and from what the page sees itself. */
export class SpeedHistory {
  #clocks = new Map<Pcpu, Change[]>();
  #reals: Real[] = [];

  /** Begins with what the daemon remembers. */
  begin(events: readonly Event[]): void {
    const changes = events.flatMap(({ kind, pcpu, atMs, khz }) =>
      kind === "speed" && pcpu !== undefined ? [{ pcpu, atMs, khz: khz ?? null }] : [],
    );
    this.#clocks = groupBy(changes, ({ pcpu }) => pcpu);
    const last = this.#reals.at(-1);
    if (last !== undefined) this.#reals.push({ atMs: last.atMs + STEP_MS, khz: null });
  }

  /** Adds what is set and what is real now. */
  add(cpus: readonly Cpu[], atMs: number): void {
    const managed = cpus.filter((cpu) => cpu.managed);
    for (const { pcpu, clock, requestedKhz } of managed)
      if (clock[0] === pcpu) this.#note(pcpu, { atMs, khz: requestedKhz ?? null });
    const real = managed.flatMap(({ currentKhz }) => currentKhz ?? []);
    if (real.length > 0)
      this.#reals.push({ atMs, khz: real.reduce((sum, khz) => sum + khz, 0) / real.length });
    const oldest = atMs - SPAN_MS;
    while ((this.#reals[0]?.atMs ?? atMs) < oldest) this.#reals.shift();
  }

  /** The lowest, the highest and the mean of all speeds that are set, and the mean of the real ones. */
  host(nowMs: number): Lines {
    const times = this.#times(nowMs);
    const values: Record<"low" | "high" | "mean" | "real", (number | null)[]> = {
      low: [],
      high: [],
      mean: [],
      real: [],
    };
    const walks = [...this.#clocks.values()].map(walk);
    const real = walk(this.#reals);
    for (const time of times) {
      const speeds = walks.flatMap((at) => at(time * 1000) ?? []);
      const isKnown = speeds.length > 0;
      values.low.push(isKnown ? ghz(Math.min(...speeds)) : null);
      values.high.push(isKnown ? ghz(Math.max(...speeds)) : null);
      values.mean.push(isKnown ? ghz(speeds.reduce((sum, khz) => sum + khz, 0) / speeds.length) : null);
      const khz = real(time * 1000);
      values.real.push(khz == null ? null : ghz(khz));
    }
    return { times, values: [values.low, values.high, values.mean, values.real] };
  }

  /** What was set on one clock. */
  clock(id: Pcpu, nowMs: number): Lines {
    const times = this.#times(nowMs);
    const at = walk(this.#clocks.get(id) ?? []);
    const line = times.map((time) => {
      const khz = at(time * 1000);
      return khz == null ? null : ghz(khz);
    });
    return { times, values: [line] };
  }

  /** Points of time in s, from an hour ago, or from when the first speed is known, up to now. */
  #times(nowMs: number): number[] {
    const known = Math.min(nowMs, ...[...this.#clocks.values()].map(([change]) => change?.atMs ?? nowMs));
    const first = Math.floor(Math.max(known, nowMs - SPAN_MS) / STEP_MS);
    const last = Math.ceil(nowMs / STEP_MS);
    return Array.from({ length: last - first + 1 }, (_, i) => ((first + i) * STEP_MS) / 1000);
  }

  #note(clock: Pcpu, change: Change): void {
    const changes = this.#clocks.get(clock) ?? [];
    this.#clocks.set(clock, changes);
    if (changes.at(-1)?.khz === change.khz) return;
    changes.push(change);
    if (changes.length > CHANGES_MAX) changes.shift();
  }
}

/** The value at a time, for times that only grow: undefined before the first change. */
function walk(changes: readonly { readonly atMs: number; readonly khz: Khz | null }[]) {
  let next = 0;
  let khz: Khz | null | undefined;
  return (atMs: number): Khz | null | undefined => {
    for (let change = changes[next]; change !== undefined && change.atMs <= atMs; change = changes[++next])
      khz = change.khz;
    return khz;
  };
}

function ghz(khz: Khz): number {
  return khz / 1e6;
}
