import type { SpeedSetting } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { isGone } from "../os/errno.ts";
import type { CpufreqEvents, Drift, OnDrift } from "./cpufreq.ts";
import type { HeldClock } from "./held-clock.ts";
import type { HeldScope } from "./held-scope.ts";
import type { OpenSetting } from "./port.ts";
import type { Work } from "./work.ts";

/** After this many looks in a row that find a clock changed by another program, it is left to that program. */
const FIGHTS_MAX = 5;

/** What to do about drift. */
interface DriftOptions {
  readonly onDrift: OnDrift;
  readonly log: Log;
}

/** Compares the settings of changed clocks with what we wrote. */
export class DriftWatch {
  readonly #options: DriftOptions;
  readonly #events: Pick<CpufreqEvents, "drift">;
  readonly #fights = new WeakMap<HeldClock, number>();
  /** Clocks that another program set last. Their settings are not the kernel's rounding of ours. */
  readonly #unsettled = new WeakSet<HeldClock>();

  constructor(options: DriftOptions, events: Pick<CpufreqEvents, "drift">) {
    this.#options = options;
    this.#events = events;
  }

  /** Whether we set a clock last. */
  isSettled(clock: HeldClock): boolean {
    return !this.#unsettled.has(clock);
  }

  /** Nothing is set on a clock, so there is nothing to look at. */
  unheld(clock: HeldClock): void {
    this.#unsettled.delete(clock);
    this.#fights.delete(clock);
  }

  /** Looks at one clock. Returns whether the clock is still there. */
  *check(clock: HeldClock): Work<boolean> {
    const { held } = clock;
    if (held === undefined) return true;
    const drifts: Drift[] = [];
    let isThere = true;
    let isRead = true;
    for (const scope of clock.scopes) {
      drifts.push(...(yield* this.#checkExtras(clock, scope)));
      if (held === "baseline") continue;
      const found = this.#changed(clock, scope, held);
      if (found === "gone") isThere = false;
      else if (found === "unread") isRead = false;
      else if (found.length > 0) drifts.push(...(yield* this.#answer(clock, scope, held, found)));
    }
    this.#settle(clock, drifts, { isRead });
    return isThere;
  }

  /** Looks at the settings of knobs. They are few, and read by name. */
  *#checkExtras(clock: HeldClock, scope: HeldScope): Work<Drift[]> {
    const { found, extras, seen, open } = scope;
    const changed = Object.entries(extras).flatMap(([name, ours]) => {
      // A scope with a speed watches its own settings.
      if (open?.settings.some((setting) => setting.name === name) === true) return [];
      const now = found.peek(name);
      return now === ours || now === seen[name] || isErrno(now) ? [] : [{ name, ours, now }];
    });
    if (changed.length === 0) return [];
    const yields = this.#yields(clock);
    const refused = yields ? undefined : yield found.write(extras);
    return changed.map(({ name, ours, now }) => {
      const after = found.peek(name);
      scope.seen = { ...scope.seen, [name]: after };
      const failed = refused !== undefined || after === now;
      const outcome = yields ? "yielded" : failed ? "failed" : "reasserted";
      return { clock: clock.clock.id, file: `${found.label}/${name}`, ours, found: now, outcome };
    });
  }

  #yields(clock: HeldClock): boolean {
    return this.#options.onDrift === "yield" || (this.#fights.get(clock) ?? 0) >= FIGHTS_MAX;
  }

  /**
   * The settings of one scope that contain neither what we wrote nor the kernel's rounding of it. `unread`: none of
   * those that could be read, but not all could.
   */
  #changed(clock: HeldClock, scope: HeldScope, speed: SpeedSetting): Found[] | "unread" | "gone" {
    const settings = scope.open?.settings ?? [];
    const isSettled = this.isSettled(clock);
    if (isSettled && settings.every((setting) => setting.isUnchanged())) return [];
    const found: Found[] = [];
    let isRead = true;
    for (const setting of settings) {
      const reported = setting.text();
      const errno = setting.read();
      // A setting that cannot be read for the moment counts as unchanged.
      if (errno !== undefined) {
        if (isGone(errno)) return "gone";
        isRead = false;
        continue;
      }
      const now = setting.text();
      const ours = setting.ours(speed);
      const isRounding = isSettled && now === reported;
      if (now.trimEnd() !== ours && !isRounding) found.push({ setting, ours, found: now.trimEnd() });
    }
    return isRead || found.length > 0 ? found : "unread";
  }

  *#answer(
    clock: HeldClock,
    scope: HeldScope,
    speed: SpeedSetting,
    changed: readonly Found[],
  ): Work<Drift[]> {
    const yields = this.#yields(clock);
    const unprepared = yields ? undefined : yield scope.open?.prepare(scope.extras);
    const refused = yields ? undefined : (unprepared ?? (yield scope.open?.set(speed)));
    if (refused !== undefined) this.#unsettled.add(clock);
    return changed.map(({ setting, ours, found }) => {
      // A difference right after our own write comes from the kernel: another limit is in force, and writing again does
      // not help.
      const failed = refused !== undefined || setting.text().trimEnd() === found;
      const outcome = yields ? "yielded" : failed ? "failed" : "reasserted";
      return { clock: clock.clock.id, file: `${scope.found.label}/${setting.name}`, ours, found, outcome };
    });
  }

  #settle(clock: HeldClock, drifts: readonly Drift[], { isRead }: { readonly isRead: boolean }): void {
    // What was written again is ours, also if the kernel rounds it. What could not be read may still be another's.
    if (isRead && drifts.every(({ outcome }) => outcome !== "failed")) this.#unsettled.delete(clock);
    if (drifts.length === 0) {
      this.#fights.delete(clock);
      return;
    }
    const fights = (this.#fights.get(clock) ?? 0) + 1;
    this.#fights.set(clock, fights);
    // Settings of knobs are left until the knobs change.
    const isSpeed = clock.held !== "baseline";
    const [first] = drifts;
    if (isSpeed && first?.outcome === "yielded") {
      // The setting is unknown now, so the next request is written in any case.
      clock.held = undefined;
      this.#fights.delete(clock);
    }
    if (fights > FIGHTS_MAX) {
      this.#options.log.warning(
        `CPU ${clock.clock.id} was changed ${fights} times in a row by another program: left to it until the next request`,
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

/** Whether a text that was read is the code of a failure. */
function isErrno(text: string): boolean {
  return /^E[A-Z0-9]+$/.test(text);
}

interface Found {
  readonly setting: OpenSetting;
  readonly ours: string;
  readonly found: string;
}
