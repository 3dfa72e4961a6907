import type { Clock, Write, WriteRefused } from "../base/clock.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Knobs } from "../base/knobs.ts";
import type { Log } from "../base/log.ts";
import { Retries } from "../base/retries.ts";
import { Turns } from "../base/turns.ts";
import type { FileCalls } from "../os/file-calls.ts";
import { ClockSet } from "./clock-set.ts";
import type {
  Cpufreq,
  CpufreqEvents,
  FileState,
  HeldKnobs,
  Observation,
  OnDrift,
  OnExit,
  UncoreCpus,
  UnmanagedCpu,
} from "./cpufreq.ts";
import { DriftWatch } from "./drift-watch.ts";
import type { HeldClock } from "./held-clock.ts";
import { inspect } from "./inspect.ts";
import { type JournalMeans, loadJournal } from "./journal.ts";
import type { Backend } from "./port.ts";
import { recover } from "./recover.ts";
import { doNow, doSlowly, type Work } from "./work.ts";
import { WriteQueue } from "./write-queue.ts";

/** Looks between two attempts to restore settings that the kernel refused. */
const PUT_BACK_LOOKS = { first: 1, max: 64 };

/** How many clocks one {@link HostClocks.refresh} compares with what was written; the others follow in later calls. */
const CLOCKS_PER_LOOK = 64;

/** How to treat clocks, with any back end. */
export interface HoldOptions {
  readonly onExit: OnExit;
  readonly onDrift: OnDrift;
  /** The restore journal. */
  readonly journalDirectory: string;
  /** Leave the settings in the journal as they are: the previous daemon handed them over. */
  readonly adopt?: boolean;
  readonly log: Log;
}

/** The back end, and the files that the journal is written with. */
export interface HoldMeans {
  readonly backend: Backend;
  readonly files: FileCalls;
}

/** Finds a host's clocks. Restores the settings that a crashed daemon left in the journal, and writes nothing else. */
export function openClocks(means: HoldMeans, options: HoldOptions, events: CpufreqEvents): Cpufreq {
  return new HostClocks(means, options, events);
}

class HostClocks implements Cpufreq {
  readonly slow: boolean;
  readonly #backend: Backend;
  readonly #journal: JournalMeans;
  readonly #set: ClockSet;
  readonly #drift: DriftWatch;
  readonly #options: HoldOptions;
  readonly #events: CpufreqEvents;
  readonly #queues = new WeakMap<HeldClock, WriteQueue>();
  readonly #putBacks = new Retries<Pcpu>(PUT_BACK_LOOKS);
  readonly #turns = new Turns(CLOCKS_PER_LOOK);
  #looks = 0;

  constructor({ backend, files }: HoldMeans, options: HoldOptions, events: CpufreqEvents) {
    const { journalDirectory, log, adopt = false } = options;
    this.slow = backend.slow;
    this.#backend = backend;
    this.#journal = { journalDirectory, names: backend.journal, files, log };
    this.#options = options;
    this.#events = events;
    this.#drift = new DriftWatch(options, events);
    this.#set = new ClockSet({ backend, journal: this.#journal, adopt, log });
    // These entries were handed over for CPUs that we may not change any more.
    if (adopt && !this.slow)
      for (const { reason } of doNow(this.#recoverGone())) log.warning(`Cannot restore ${reason}`);
    if (this.slow) this.#lookSlowly(this.#set.held.values());
  }

  clocks(): readonly Clock[] {
    return this.#set.clocks;
  }

  unmanaged(): readonly UnmanagedCpu[] {
    return this.#set.unmanaged;
  }

  uncores(): readonly UncoreCpus[] {
    return this.#set.uncores;
  }

  apply({ clock, setting }: Write): WriteRefused | undefined {
    if (this.slow) throw new Error("Expected applySlow(): the back end is slow");
    const held = this.#set.held.get(clock);
    return held === undefined ? notManaged(clock) : held.apply(setting);
  }

  async applySlow(write: Write): Promise<WriteRefused | undefined> {
    if (!this.slow) return this.apply(write);
    const held = this.#set.held.get(write.clock);
    return held === undefined ? notManaged(write.clock) : this.#queueOf(held).ask(write.setting);
  }

  #queueOf(clock: HeldClock): WriteQueue {
    let queue = this.#queues.get(clock);
    if (queue === undefined) {
      queue = new WriteQueue((setting) => doSlowly(clock.change(setting)));
      this.#queues.set(clock, queue);
    }
    return queue;
  }

  async hold(id: Pcpu, knobs: Knobs): Promise<WriteRefused | undefined> {
    const clock = this.#set.held.get(id);
    if (clock === undefined) return notManaged(id);
    if (!this.slow) return doNow(clock.hold(knobs));
    const queue = this.#queueOf(clock);
    do await queue.idle();
    while (queue.busy);
    return queue.run(() => doSlowly(clock.hold(knobs)));
  }

  held(id: Pcpu): HeldKnobs | undefined {
    return this.#set.held.get(id);
  }

  observe(pcpu: Pcpu): Observation | undefined {
    return this.#backend.observe(pcpu);
  }

  inspect({ clock, setting }: Write): readonly FileState[] {
    const held = this.#set.held.get(clock);
    return held === undefined ? [] : inspect(held, setting, { settled: this.#drift.isSettled(held) });
  }

  refresh(): void {
    this.#looks++;
    if (this.#set.changed()) this.#renew();
    const clocks = this.#turns.next([...this.#set.held.values()]);
    if (this.slow) {
      this.#lookSlowly(clocks);
      return;
    }
    let isThere = true;
    for (const clock of clocks)
      if (clock.touched || clock.owesBaseline) isThere = doNow(this.#look(clock)) && isThere;
      else this.#drift.unheld(clock);
    // A CPU disappeared while its clock was changed.
    if (!isThere) this.#renew();
  }

  /** Looks at the clocks that are not being changed. Nothing waits for the result; lists all again if one is gone. */
  #lookSlowly(clocks: Iterable<HeldClock>): void {
    for (const clock of clocks) {
      const queue = this.#queueOf(clock);
      if (queue.busy) continue;
      void queue
        .run(() => doSlowly(this.#look(clock)))
        .then((isThere) => {
          if (!isThere) this.#renew();
        });
    }
  }

  /**
   * Restores what could not be restored before, and looks for changes by other programs. Returns whether the clock is
   * still there.
   */
  *#look(clock: HeldClock): Work<boolean> {
    const { id } = clock.clock;
    if (clock.touched && !clock.isThere()) return false;
    if (clock.owesBaseline && this.#putBacks.isDue(id, this.#looks)) {
      if ((yield* clock.putBack()) === undefined) this.#putBacks.succeeded(id);
      else this.#putBacks.failed(id, this.#looks);
    }
    return yield* this.#drift.check(clock);
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
    return doNow(this.#ending());
  }

  async closeSlow(): Promise<readonly WriteRefused[]> {
    for (const clock of this.#set.held.values()) await this.#queueOf(clock).idle();
    return doSlowly(this.#ending());
  }

  *#ending(): Work<WriteRefused[]> {
    const { onExit } = this.#options;
    const refused: (WriteRefused | undefined)[] = [];
    for (const clock of this.#set.held.values()) {
      if (clock.touched && onExit === "restore") refused.push(yield* clock.end());
      if (clock.touched && onExit === "max") refused.push(yield* clock.change(0));
      if (clock.touched && onExit !== "restore") refused.push(clock.keep());
      clock.close();
    }
    if (onExit === "restore") refused.push(...(yield* this.#recoverGone()));
    this.#set.held.clear();
    return refused.filter((one) => one !== undefined);
  }

  leave(): void {
    for (const clock of this.#set.held.values()) clock.close();
    this.#set.held.clear();
  }

  /** Restores the entries of CPUs that disappeared while they were changed. */
  *#recoverGone(): Work<WriteRefused[]> {
    const here = new Set(
      [...this.#set.held.values()].flatMap(({ scopes }) => scopes.map(({ found }) => found.name)),
    );
    const refused: WriteRefused[] = [];
    for (const { scope, entry } of loadJournal(this.#journal)) {
      if (here.has(scope) || !entry.ok) continue;
      const reason = yield* recover(this.#backend, this.#journal, entry.value);
      if (reason !== undefined) refused.push({ reason });
    }
    return refused;
  }
}

function notManaged(clock: Pcpu): WriteRefused {
  return { reason: `CPU ${clock} is not managed` };
}
