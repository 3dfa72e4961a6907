import type { Clock } from "../base/clock.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import type { Log } from "../base/log.ts";
import { Turns } from "../base/turns.ts";
import type { UncoreCpus, UnmanagedCpu } from "./cpufreq.ts";
import { HeldClock } from "./held-clock.ts";
import { type HeldScope, heldScope } from "./held-scope.ts";
import { type JournalMeans, loadEntry } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { Backend, ListedClock, Listing, Scope, Values } from "./port.ts";
import { recover } from "./recover.ts";
import { doNow } from "./work.ts";

/** How many clocks one {@link ClockSet.changed} compares with their baseline; the others follow in later calls. */
const CLOCKS_PER_LOOK = 4;

/** What a {@link ClockSet} works with. */
interface ClockSetOptions {
  readonly backend: Backend;
  readonly journal: JournalMeans;
  /** Whether the entries in the journal were handed over by the previous daemon and must stay. */
  readonly adopt: boolean;
  readonly log: Log;
}

/** The clocks of the host as found last, with those that were changed. */
export class ClockSet {
  clocks: readonly Clock[] = [];
  unmanaged: readonly UnmanagedCpu[] = [];
  uncores: readonly UncoreCpus[] = [];
  /** By {@link Clock.id}. */
  held = new Map<Pcpu, HeldClock>();
  readonly #options: ClockSetOptions;
  readonly #reported = new Set<string>();
  #adopting: boolean;
  /** The fingerprint of each clock; the clock is kept while it is the same. */
  #keys = new Map<HeldClock, string>();
  readonly #turns = new Turns(CLOCKS_PER_LOOK);

  constructor(options: ClockSetOptions) {
    this.#options = options;
    this.#adopting = options.adopt;
    this.renew();
    this.#adopting = false;
  }

  /**
   * Whether CPUs, tables or baselines have changed since the last listing. It is cheap: it looks at unchanged clocks in
   * turns.
   */
  changed(): boolean {
    if (this.#options.backend.hasChanged()) return true;
    return !this.#turns.next([...this.held.values()]).every(stays);
  }

  /** Lists everything again. Clocks that are different now are put back and replaced. */
  renew(): void {
    const listing = this.#options.backend.list();
    const before = new Map([...this.#keys].map(([clock, key]) => [key, clock]));
    const listed = new Set(listing.clocks.map(({ key }) => key));
    for (const [key, clock] of before) if (!listed.has(key)) this.#release(clock);
    this.#keys = new Map(
      listing.clocks.map((found) => [this.#held(before.get(found.key), found), found.key]),
    );
    this.held = new Map([...this.#keys.keys()].map((clock) => [clock.clock.id, clock]));
    this.clocks = [...this.held.values()].map(({ clock }) => clock);
    this.unmanaged = listing.unmanaged;
    this.uncores = listing.uncores;
    this.#warn(listing);
  }

  /** Keeps a clock with the same fingerprint; one that was never changed only if its baseline is the same too. */
  #held(before: HeldClock | undefined, found: ListedClock): HeldClock {
    return before !== undefined && stays(before) ? before : this.#make(found);
  }

  /** With a slow back end the saved settings stay in the journal until the same scopes are listed again. */
  #release(clock: HeldClock): void {
    clock.close();
    if (!this.#options.backend.slow) for (const entry of clock.entries()) this.#recover(entry);
  }

  #recover(entry: JournalEntry): boolean {
    const { backend, journal, log } = this.#options;
    const problem = doNow(recover(backend, journal, entry));
    if (problem !== undefined) log.warning(`Cannot restore the settings of ${problem}`);
    return problem === undefined;
  }

  #make({ scopes, key: _, ...listed }: ListedClock): HeldClock {
    let owesBaseline = false;
    const held = scopes.map((found): HeldScope => {
      const left = this.#leftBehind(found, listed.driver);
      owesBaseline ||= left.owed;
      return heldScope(found, left.originals);
    });
    const topKhz = listed.table.speeds[0]?.khz as Khz;
    const baselineKhz = baselineAbove(held, topKhz) ?? topKhz;
    return new HeldClock({ ...listed, baselineKhz }, held, { journal: this.#options.journal, owesBaseline });
  }

  /**
   * The originals that an earlier daemon saved, if its settings are still in the files, and whether to put them back.
   */
  #leftBehind({ name }: Scope, driver: string): { originals: Values | undefined; owed: boolean } {
    const { backend, journal, log } = this.#options;
    const loaded = loadEntry(journal, name);
    if (loaded?.ok === false) log.warning(`Ignored the restore journal of ${name}: ${loaded.why}`);
    if (loaded?.ok !== true) return { originals: undefined, owed: false };
    const entry = loaded.value;
    const isMeant = (entry.kept || this.#adopting) && entry.driver === driver;
    if (isMeant) return { originals: entry.originals, owed: false };
    if (!backend.slow && this.#recover(entry)) return { originals: undefined, owed: false };
    return { originals: entry.originals, owed: true };
  }

  #warn({ warnings }: Listing): void {
    for (const warning of warnings) {
      if (!this.#reported.has(warning)) this.#options.log.warning(warning);
      this.#reported.add(warning);
    }
  }
}

/** Whether a clock that was never changed still has its baseline. If it cannot be read, the answer is yes. */
function stays(clock: HeldClock): boolean {
  if (clock.touched) return true;
  const baselineKhz = baselineAbove(clock.scopes, clock.clock.table.speeds[0]?.khz as Khz);
  return baselineKhz === undefined || baselineKhz === clock.clock.baselineKhz;
}

/**
 * The highest of the baselines: CPUs that share a clock run as fast as the fastest of them wants. If no baseline is
 * known, it is `topKhz`; undefined if they cannot be read for the moment.
 */
function baselineAbove(scopes: readonly HeldScope[], topKhz: Khz): Khz | undefined {
  const known: Khz[] = [];
  for (const { found, originals } of scopes) {
    const baseline = found.baseline(originals);
    if (!baseline.ok) return undefined;
    if (baseline.value !== undefined) known.push(baseline.value);
  }
  return known.length === 0 ? topKhz : Math.max(...known);
}
