import type { Clock, Write, WriteRefused } from "../base/clock.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Log } from "../base/log.ts";
import { ClockSet } from "./clock-set.ts";
import type {
  Cpufreq,
  CpufreqEvents,
  FileState,
  Observation,
  OnDrift,
  OnExit,
  UnmanagedCpu,
} from "./cpufreq.ts";
import type { Disk } from "./disk.ts";
import { DriftWatch } from "./drift-watch.ts";
import { dryRun } from "./dry-run.ts";
import { inspect } from "./inspect.ts";
import { loadJournal } from "./journal.ts";
import { isPlain, kernelDisk } from "./kernel-disk.ts";
import { recover } from "./recover.ts";
import { realRoot } from "./restore-journal.ts";
import type { Managed } from "./survey.ts";
import { parseKhz, readText } from "./sysfs-file.ts";

/** How the host's clocks are to be treated. */
export interface CpufreqOptions {
  /** `/sys/devices/system/cpu`, or a tree like it. */
  readonly root: string;
  /** CPUs that may be changed. */
  readonly managed: Managed;
  readonly onExit: OnExit;
  readonly onDrift: OnDrift;
  /** Where what was found is saved before it is changed. */
  readonly journalDirectory: string;
  /** Leave what the journal says is changed as it is: the daemon before handed it over. */
  readonly adopt?: boolean;
  /** Change nothing, and log what would have been written. */
  readonly dryRun?: boolean;
  readonly log: Log;
}

/** Finds the host's clocks. What a crashed daemon left in the journal is put back; nothing else is written. */
export function openCpufreq(options: CpufreqOptions, events: CpufreqEvents): Cpufreq {
  const disk = options.dryRun === true ? dryRun(options.log) : kernelDisk(options.root);
  return openCpufreqOn(disk, options, events);
}

/** {@link openCpufreq} on a disk that is handed in. */
export function openCpufreqOn(disk: Disk, options: CpufreqOptions, events: CpufreqEvents): Cpufreq {
  return new SysfsCpufreq(disk, options, events);
}

class SysfsCpufreq implements Cpufreq {
  readonly #root: string;
  readonly #set: ClockSet;
  readonly #drift: DriftWatch;
  readonly #disk: Disk;
  readonly #options: CpufreqOptions;
  readonly #events: CpufreqEvents;

  constructor(disk: Disk, options: CpufreqOptions, events: CpufreqEvents) {
    this.#disk = disk;
    this.#options = options;
    this.#events = events;
    this.#root = realRoot(options.root);
    this.#drift = new DriftWatch(options, events);
    this.#set = new ClockSet({ ...options, disk, root: this.#root, plain: isPlain(this.#root) });
    // What was handed over, but is not ours to change any more.
    if (options.adopt === true)
      for (const { reason } of this.#recoverGone()) options.log.warning(`Cannot put back ${reason}`);
  }

  clocks(): readonly Clock[] {
    return this.#set.clocks;
  }

  unmanaged(): readonly UnmanagedCpu[] {
    return this.#set.unmanaged;
  }

  apply({ clock, setting }: Write): WriteRefused | undefined {
    const held = this.#set.held.get(clock);
    return held === undefined ? { reason: `CPU ${clock} is not managed` } : held.apply(setting);
  }

  observe(pcpu: Pcpu): Observation | undefined {
    const say = (file: string) => readText(`${this.#root}/cpu${pcpu}/cpufreq/${file}`);
    const governor = say("scaling_governor");
    const minKhz = parseKhz(say("scaling_min_freq"));
    const maxKhz = parseKhz(say("scaling_max_freq"));
    if (governor === undefined || minKhz === undefined || maxKhz === undefined) return undefined;
    return { governor, minKhz, maxKhz, currentKhz: parseKhz(say("scaling_cur_freq")) };
  }

  inspect({ clock, setting }: Write): readonly FileState[] {
    const held = this.#set.held.get(clock);
    if (held === undefined) return [];
    return inspect(held, setting, { disk: this.#disk, settled: this.#drift.isSettled(held) });
  }

  refresh(): void {
    if (this.#set.changed()) this.#renew();
    let readable = true;
    for (const clock of [...this.#set.held.values()]) {
      if (clock.owesBaseline) clock.putBack();
      readable = this.#drift.check(clock) && readable;
    }
    // The kernel took a directory away between the two looks.
    if (!readable) this.#renew();
  }

  #renew(): void {
    const { clocks, unmanaged } = this.#set;
    this.#set.renew();
    const same =
      this.#set.clocks.length === clocks.length && this.#set.clocks.every((clock, i) => clock === clocks[i]);
    if (same) this.#set.clocks = clocks;
    if (!same || JSON.stringify(unmanaged) !== JSON.stringify(this.#set.unmanaged))
      this.#events.clocksChanged();
  }

  close(): readonly WriteRefused[] {
    const { onExit } = this.#options;
    const refused: WriteRefused[] = [];
    for (const clock of this.#set.held.values()) {
      if (clock.touched && onExit === "restore") refused.push(...listed(clock.putBack()));
      if (clock.touched && onExit === "max") refused.push(...listed(clock.apply(0)));
      if (clock.touched && onExit !== "restore") refused.push(...listed(clock.keep()));
      clock.close();
    }
    if (onExit === "restore") refused.push(...this.#recoverGone());
    this.#set.held.clear();
    return refused;
  }

  leave(): void {
    for (const clock of this.#set.held.values()) clock.close();
    this.#set.held.clear();
  }

  /** What the journal still holds of CPUs that went away while they were ours. */
  #recoverGone(): WriteRefused[] {
    const { journalDirectory, log } = this.#options;
    const here = new Set(
      [...this.#set.held.values()].flatMap(({ policies }) => policies.map(({ found }) => found.name)),
    );
    const means = { disk: this.#disk, root: this.#root, journalDirectory, log, plain: isPlain(this.#root) };
    return loadJournal(journalDirectory).flatMap(({ policy, entry }) => {
      if (here.has(policy) || typeof entry === "string") return [];
      const reason = recover(means, entry);
      return reason === undefined ? [] : [{ reason }];
    });
  }
}

function listed(refused: WriteRefused | undefined): WriteRefused[] {
  return refused === undefined ? [] : [refused];
}
