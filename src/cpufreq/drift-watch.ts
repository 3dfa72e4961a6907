import type { Log } from "../base/log.ts";
import type { CpufreqEvents, Drift, OnDrift } from "./cpufreq.ts";
import { type HeldClock, type HeldPolicy, labelOf } from "./held-clock.ts";
import type { OpenFile, SpeedText } from "./speed-files.ts";

/** Looks in a row that may find a clock changed by somebody else; then the other one has won. */
const FIGHTS_MAX = 5;

/** What to do about drift. */
interface DriftOptions {
  readonly onDrift: OnDrift;
  readonly log: Log;
}

/** Compares what the files of held clocks say with what we wrote. */
export class DriftWatch {
  readonly #options: DriftOptions;
  readonly #events: Pick<CpufreqEvents, "drift">;
  readonly #fights = new WeakMap<HeldClock, number>();
  /** Clocks whose last word is not ours: what their files say may not be taken for the kernel's rounding. */
  readonly #unsettled = new WeakSet<HeldClock>();

  constructor(options: DriftOptions, events: Pick<CpufreqEvents, "drift">) {
    this.#options = options;
    this.#events = events;
  }

  /** Whether the last word on a clock is ours. */
  isSettled(clock: HeldClock): boolean {
    return !this.#unsettled.has(clock);
  }

  /** Looks at one clock; answers whether its files can be read. */
  check(clock: HeldClock): boolean {
    const { held } = clock;
    const speed = typeof held === "number" ? clock.speeds[held] : undefined;
    if (speed === undefined) return true;
    const drifts: Drift[] = [];
    let readable = true;
    for (const policy of clock.policies) {
      const found = this.#changed(clock, policy, speed);
      if (found === undefined) readable = false;
      else if (found.length > 0) drifts.push(...this.#answer(clock, policy, speed, found));
    }
    this.#settle(clock, drifts);
    return readable;
  }

  /** The files of one cpufreq policy that say neither what we wrote nor what the kernel made of it. */
  #changed(clock: HeldClock, policy: HeldPolicy, speed: SpeedText): Found[] | undefined {
    const files = policy.open?.files ?? [];
    const isSettled = this.isSettled(clock);
    if (isSettled && files.every(({ attribute }) => attribute.isUnchanged())) return [];
    const found: Found[] = [];
    for (const file of files) {
      const reported = file.attribute.text();
      if (file.attribute.read() !== undefined) return undefined;
      const now = file.attribute.text();
      const ours = file.name === "scaling_governor" ? clock.scaling.governor : speed.text;
      const isRounding = isSettled && now === reported;
      if (now.trimEnd() !== ours && !isRounding) found.push({ file, ours, found: now.trimEnd() });
    }
    return found;
  }

  #answer(clock: HeldClock, policy: HeldPolicy, speed: SpeedText, changed: readonly Found[]): Drift[] {
    const yields = this.#options.onDrift === "yield" || (this.#fights.get(clock) ?? 0) >= FIGHTS_MAX;
    const refused = yields ? undefined : (policy.open?.govern() ?? policy.open?.write(speed));
    if (refused !== undefined) this.#unsettled.add(clock);
    return changed.map(({ file, ours, found }) => {
      // What stands after our own write is the kernel's: another limit is in force, and writing again is of no use.
      const failed = refused !== undefined || file.attribute.text().trimEnd() === found;
      const outcome = yields ? "yielded" : failed ? "failed" : "reasserted";
      return { clock: clock.clock.id, file: `${labelOf(policy)}/${file.name}`, ours, found, outcome };
    });
  }

  #settle(clock: HeldClock, drifts: readonly Drift[]): void {
    if (drifts.length === 0) {
      this.#fights.delete(clock);
      this.#unsettled.delete(clock);
      return;
    }
    const fights = (this.#fights.get(clock) ?? 0) + 1;
    this.#fights.set(clock, fights);
    if (drifts.some((drift) => drift.outcome === "yielded")) {
      // Unknown from now on, so that whoever asks next is written again.
      clock.held = undefined;
      this.#fights.delete(clock);
      this.#unsettled.delete(clock);
    }
    if (fights > FIGHTS_MAX) {
      this.#options.log.warning(
        `CPU ${clock.clock.id} was changed ${fights} times in a row by somebody else: left alone`,
      );
    }
    for (const drift of drifts) {
      this.#options.log.notice(
        `${drift.file} says ${JSON.stringify(drift.found)} instead of "${drift.ours}": ${drift.outcome}`,
      );
      this.#events.drift(drift);
    }
  }
}

interface Found {
  readonly file: OpenFile;
  readonly ours: string;
  readonly found: string;
}
