import fs from "node:fs";
import type { Clock, FrequencyTable, Speed } from "../base/clock.ts";
import { formatCpuList } from "../base/cpu-list.ts";
import type { Khz, Pcpu } from "../base/domain.ts";
import type { Log } from "../base/log.ts";
import type { UnmanagedCpu } from "./cpufreq.ts";
import type { ScalingDriver } from "./driver.ts";
import { HeldClock, type HeldPolicy } from "./held-clock.ts";
import { readHost } from "./host.ts";
import { loadEntry } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { baselineOf, type Originals, readOriginals } from "./originals.ts";
import { type RecoverMeans, recover } from "./recover.ts";
import { look, type Managed, type Survey, survey } from "./survey.ts";
import type { FoundClock, FoundPolicy } from "./topology.ts";

/** CPUs beyond those we hold that one {@link ClockSet.changed} looks at closely; the others have their turn later. */
const CPUS_PER_LOOK = 8;

/** What a {@link ClockSet} works with. */
interface ClockSetOptions extends RecoverMeans {
  readonly managed: Managed;
  /** Whether what is in the journal at first was handed over, and is to stay. */
  readonly adopt?: boolean;
  readonly log: Log;
}

/** The clocks of the host as they were last found, and what we hold of them. */
export class ClockSet {
  clocks: readonly Clock[] = [];
  unmanaged: readonly UnmanagedCpu[] = [];
  /** By {@link Clock.id}. */
  held = new Map<Pcpu, HeldClock>();
  readonly #options: ClockSetOptions;
  readonly #mayChange: ReadonlySet<Pcpu> | undefined;
  readonly #told = new Set<string>();
  #survey: Survey;
  #adopting: boolean;
  /** What each clock was made from; the same again means that it stays. */
  #keys = new Map<HeldClock, string>();
  #byPcpu = new Map<Pcpu, HeldClock>();
  #turn = 0;

  constructor(options: ClockSetOptions) {
    this.#options = options;
    this.#mayChange = options.managed === "all" ? undefined : new Set(options.managed);
    this.#survey = survey(options.root, options.managed);
    this.#adopting = options.adopt === true;
    this.#adopt();
    this.#adopting = false;
  }

  /** Whether CPUs, tables or baselines are others than at the last survey; cheap, and in turns for what we do not hold. */
  changed(): boolean {
    const host = readHost(this.#options.root);
    if (host.fingerprint !== this.#survey.host.fingerprint) return true;
    for (const clock of this.held.values()) if (clock.touched && !this.#isThere(clock)) return true;
    const count = Math.min(CPUS_PER_LOOK, host.pcpus.length);
    for (let i = 0; i < count; i++) {
      const pcpu = host.pcpus[this.#turn++ % host.pcpus.length] as number;
      const before = this.#survey.found.get(pcpu);
      if (JSON.stringify(look(host, pcpu, this.#mayChange)) !== JSON.stringify(before)) return true;
      const clock = this.#byPcpu.get(pcpu);
      if (clock !== this.#stay(clock)) return true;
    }
    return false;
  }

  /** In sysfs the open files of a directory that went away say so themselves; in a plain tree they live on. */
  #isThere(clock: HeldClock): boolean {
    if (!this.#options.plain) return true;
    return clock.policies.every(({ found }) => {
      const stat = fs.statSync(found.path, { throwIfNoEntry: false });
      return stat?.ino === found.inode;
    });
  }

  /** Looks at everything again. What is no longer as it was is put back, and starts anew. */
  renew(): void {
    this.#survey = survey(this.#options.root, this.#options.managed);
    this.#adopt();
  }

  #adopt(): void {
    const before = new Map([...this.#keys].map(([clock, key]) => [key, clock]));
    const found = this.#survey.clocks.map((clock) => ({ clock, key: keyOf(clock) }));
    const stay = new Set(found.map(({ key }) => key));
    for (const [key, clock] of before) if (!stay.has(key)) this.#release(clock);
    this.#keys = new Map(
      found.map(({ clock, key }) => [this.#stay(before.get(key)) ?? this.#make(clock), key]),
    );
    this.held = new Map([...this.#keys.keys()].map((clock) => [clock.clock.id, clock]));
    this.#byPcpu = new Map(
      [...this.#keys.keys()].flatMap((clock) => clock.clock.pcpus.map((pcpu) => [pcpu, clock])),
    );
    this.clocks = [...this.held.values()].map(({ clock }) => clock);
    this.unmanaged = this.#survey.unmanaged;
    this.#warn();
  }

  /** A clock that is as it was goes on; an untouched one only with the same baseline. */
  #stay(clock: HeldClock | undefined): HeldClock | undefined {
    if (clock === undefined || clock.touched) return clock;
    const { baselineKhz, table } = clock.clock;
    return baselineKhz === baselineAbove(clock.policies, clock.scaling, table) ? clock : undefined;
  }

  #release(clock: HeldClock): void {
    clock.close();
    for (const entry of clock.entries()) this.#recover(entry);
  }

  #recover(entry: JournalEntry): boolean {
    const problem = recover(this.#options, entry);
    if (problem !== undefined) this.#options.log.warning(`Cannot put back the settings of ${problem}`);
    return problem === undefined;
  }

  #make(found: FoundClock): HeldClock {
    const [first] = found.members;
    if (first === undefined) throw new Error("Expected a clock to have members");
    const { speeds, scaling, driver } = first;
    const policies = found.policies.map((policy): HeldPolicy => {
      return { found: policy, originals: this.#leftBehind(policy, driver), open: undefined };
    });
    const clock: Clock = {
      id: found.id,
      pcpus: found.members.map(({ pcpu }) => pcpu),
      driver,
      table: speeds.table,
      baselineKhz: baselineAbove(policies, scaling, speeds.table),
      priority: new Set(found.members.filter((cpu) => cpu.speeds.priority).map(({ pcpu }) => pcpu)),
    };
    return new HeldClock(clock, policies, { scaling, means: this.#options });
  }

  /** The originals that an earlier daemon saved, where its settings are still there. */
  #leftBehind(policy: FoundPolicy, driver: string): Originals | undefined {
    const entry = loadEntry(this.#options.journalDirectory, policy.name);
    if (entry === undefined) return undefined;
    if (typeof entry === "string") {
      this.#options.log.warning(`Ignored the restore journal of ${policy.name}: ${entry}`);
      return undefined;
    }
    const isMeant = (entry.kept || this.#adopting) && entry.driver === driver;
    if (!isMeant && this.#recover(entry)) return undefined;
    return entry.originals;
  }

  #warn(): void {
    for (const { pcpu, other } of this.#survey.mismatches) {
      this.#warnOnce(`CPU ${pcpu} and CPU ${other} share a clock but not their speeds: scaled separately`);
    }
    const scanned = this.#survey.clocks.flatMap(({ members }) => members);
    const halves = scanned.filter(({ neighbours }) =>
      neighbours.some((pcpu) => this.#mayChange?.has(pcpu) === false),
    );
    if (halves.length === 0) return;
    const list = formatCpuList(halves.map(({ pcpu }) => pcpu));
    this.#warnOnce(
      `CPU ${list}: neighbours on the same core are not in ManagedCpus, and the faster of both wins`,
    );
  }

  #warnOnce(message: string): void {
    if (!this.#told.has(message)) this.#options.log.warning(message);
    this.#told.add(message);
  }
}

/** The highest of the baselines: CPUs that share a clock run as fast as the fastest of them wants. */
function baselineAbove(policies: readonly HeldPolicy[], scaling: ScalingDriver, table: FrequencyTable): Khz {
  const known = policies.flatMap(({ found: { path }, originals }) => {
    return baselineOf(path, originals ?? readOriginals(path, scaling), scaling) ?? [];
  });
  return known.length === 0 ? (table.speeds[0] as Speed).khz : Math.max(...known);
}

function keyOf({ id, members, policies }: FoundClock): string {
  const cpus = members.map(({ pcpu, driver, speeds }) => [pcpu, driver, speeds]);
  return JSON.stringify([id, cpus, policies]);
}
