import type { Pcpu } from "../../base/domain.ts";
import { systemErrorText } from "../../base/system-error.ts";
import type { Registry } from "../registry.ts";
import { examineProcess, mayBeQemu, type ProcessRule } from "./examine.ts";
import type { Kernel } from "./kernel.ts";
import { namesFor } from "./names.ts";
import type { Proc } from "./proc.ts";
import { ProcessList } from "./process-list.ts";
import type { Refusals } from "./refusals.ts";
import { findThreads } from "./threads.ts";
import type { QemuTiming } from "./timing.ts";
import { type Found, TrackedQemu } from "./tracked-qemu.ts";

/** The most QEMUs that are followed. Each takes a descriptor. */
const QEMUS_MAX = 1024;

/** What one turn of the event loop looks at: names of processes, new QEMUs with all they say, and known QEMUs. */
const NAMES_PER_TURN = 64;
const NEW_PER_TURN = 4;
const KNOWN_PER_TURN = 32;

/** What a watch needs. */
export interface ProcessWatchOptions {
  readonly proc: Proc;
  readonly kernel: Kernel;
  readonly rule: ProcessRule;
  readonly timing: QemuTiming;
  readonly registry: Registry;
  readonly refusals: Refusals;
  /** Every process was looked at; `all`: and every QEMU is followed. */
  complete(all: boolean): void;
  /** The processes cannot be listed. */
  trouble(problem: string): void;
}

/** Follows the QEMUs among the processes of the host. */
export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  readonly #list: ProcessList;
  readonly #tracked = new Map<number, TrackedQemu>();
  /** Processes that may not be served. They are judged again when it is their turn, not each time. */
  readonly #refused = new Set<number>();
  /** VMs whose threads must be looked for at the next look. */
  readonly #stale = new Set<string>();
  #repeat = false;
  #stopped = false;
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    this.#list = new ProcessList(options.proc, options.timing);
  }

  /** The QEMU of that name. */
  find(name: string): TrackedQemu | undefined {
    return this.#tracked.values().find((qemu) => qemu.name === name);
  }

  /** Looks now at every process, judges each again, and reports everything again. */
  refresh(): void {
    this.#repeat = true;
    this.#lookIn(0);
  }

  /** Looks for the threads of a VM soon. */
  lookAgain(name: string): void {
    this.#stale.add(name);
  }

  /** Stops, and releases all processes. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const { pidfd } of this.#tracked.values()) this.#options.kernel.release(pidfd);
    this.#tracked.clear();
  }

  #lookIn(ms: number): void {
    if (this.#stopped || this.#looking !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch((error) => this.#options.trouble(`Cannot list processes: ${systemErrorText(error)}`))
        .finally(() => {
          this.#looking = undefined;
          this.#lookIn(this.#repeat ? 0 : this.#options.timing.beatMs);
        });
    }, ms);
  }

  async #look(): Promise<void> {
    const repeat = this.#repeat;
    this.#repeat = false;
    this.#forgetEnded();
    const nowMs = performance.now();
    const due = await this.#list.next(nowMs, { all: repeat });
    if (repeat) this.#judgeAgain();
    await this.#findNew(due, nowMs);
    this.#forgetRefused();
    const host = this.#options.kernel.cpus();
    let count = 0;
    for (const qemu of [...this.#tracked.values()]) {
      if (++count % KNOWN_PER_TURN === 0) await Bun.sleep(0);
      if (this.#stopped) return;
      this.#report(qemu, host, repeat);
    }
    this.#stale.clear();
    if (!this.#stopped) this.#options.complete(!this.#list.isFull && this.#tracked.size < QEMUS_MAX);
  }

  #forgetEnded(): void {
    const { kernel } = this.#options;
    const ended = new Set(kernel.ended([...this.#tracked.values()].map(({ pidfd }) => pidfd)));
    for (const qemu of this.#tracked.values()) if (ended.has(qemu.pidfd)) this.#forget(qemu);
  }

  #forgetRefused(): void {
    const isThere = (pid: number) => this.#list.has(pid);
    for (const pid of this.#refused) if (!isThere(pid)) this.#refused.delete(pid);
    this.#options.refusals.keep(isThere);
  }

  /** The rule may be another one since a reload. */
  #judgeAgain(): void {
    const { proc, rule } = this.#options;
    this.#refused.clear();
    for (const qemu of this.#tracked.values())
      if (examineProcess(proc, qemu.pid, rule).refusal !== undefined) this.#forget(qemu);
  }

  #forget({ pid, pidfd, run }: TrackedQemu): void {
    this.#tracked.delete(pid);
    this.#options.kernel.release(pidfd);
    this.#options.registry.drop(run.uuid, "stopped");
  }

  /** Looks for QEMUs among processes. Of those found together the oldest is named first. */
  async #findNew(pids: readonly number[], nowMs: number): Promise<void> {
    const { kernel, proc } = this.#options;
    const found: Omit<Found, "name">[] = [];
    let candidates = 0;
    for (const [i, pid] of pids.entries()) {
      if (i % NAMES_PER_TURN === NAMES_PER_TURN - 1) await Bun.sleep(0);
      const isKnown = this.#tracked.has(pid) || (this.#refused.has(pid) && !this.#list.isDue(pid));
      if (isKnown || !mayBeQemu(proc, pid)) continue;
      if (++candidates % NEW_PER_TURN === 0) await Bun.sleep(0);
      if (this.#stopped) return;
      const qemu = this.#examine(pid, nowMs);
      if (qemu !== undefined) found.push(qemu);
    }
    found.sort((a, b) => a.process.startTicks - b.process.startTicks || a.pid - b.pid);
    for (const qemu of found) {
      const name = namesFor(qemu.process, qemu.pid).find((each) => this.find(each) === undefined);
      if (name === undefined || this.#tracked.size >= QEMUS_MAX) kernel.release(qemu.pidfd);
      else this.#tracked.set(qemu.pid, new TrackedQemu(proc, { ...qemu, name }));
    }
  }

  /** Holds a process and judges it; undefined if it is no QEMU, has not begun, or is not served. */
  #examine(pid: number, nowMs: number): Omit<Found, "name"> | undefined {
    const { kernel, proc, refusals, rule } = this.#options;
    const pidfd = kernel.hold(pid);
    if (pidfd === undefined) return undefined;
    const process = examineProcess(proc, pid, rule);
    const isRefused = process.refusal !== undefined;
    const threads = isRefused ? undefined : findThreads(proc, pid);
    // What was read is the process's own only if it still lives.
    const isAlive = kernel.ended([pidfd]).length === 0;
    if (isAlive && threads !== undefined && threads.vcpus.size > 0) {
      refusals.clear(pid);
      return { pid, pidfd, process, threads };
    }
    if (isAlive && isRefused) this.#refused.add(pid);
    if (isAlive && (isRefused || this.#list.isSettled(pid, nowMs))) refusals.note(pid, process);
    kernel.release(pidfd);
    return undefined;
  }

  #report(qemu: TrackedQemu, host: ReadonlySet<Pcpu>, repeat: boolean): void {
    const { kernel, registry } = this.#options;
    qemu.look({ isDue: repeat || this.#stale.has(qemu.name) || this.#list.isDue(qemu.pid) });
    if (qemu.threads.vcpus.size === 0) this.#forget(qemu);
    else registry.report(qemu.run, qemu.domain(kernel.affinity, host), { ending: undefined, repeat });
  }
}
