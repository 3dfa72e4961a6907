import { PROCESSES_MAX, type Proc } from "./proc.ts";
import type { QemuTiming } from "./timing.ts";

/**
 * The processes of the host, and which of them to look at. A process gets its name when its program begins, which a
 * shell may put off; so a young process is looked at each time and an older one at intervals, a part of them each time.
 */
export class ProcessList {
  readonly #proc: Proc;
  readonly #timing: QemuTiming;
  /** When each process was seen first, on the monotonic clock. */
  #seenMs = new Map<number, number>();
  #beat = 0;

  constructor(proc: Proc, timing: QemuTiming) {
    this.#proc = proc;
    this.#timing = timing;
  }

  /** Whether there may be more processes than are looked at. */
  get isFull(): boolean {
    return this.#seenMs.size >= PROCESSES_MAX;
  }

  has(pid: number): boolean {
    return this.#seenMs.has(pid);
  }

  /** Whether a process has been there for so long that it is what it will be. */
  isSettled(pid: number, nowMs: number): boolean {
    return !this.#isYoung(pid, nowMs);
  }

  /** Whether it is the turn of a process, if an older one is looked at every `oldMs`. */
  isDue(pid: number): boolean {
    const turns = Math.max(1, Math.round(this.#timing.oldMs / this.#timing.beatMs));
    return pid % turns === this.#beat % turns;
  }

  /** Reads the list of processes. Returns those to look at, in the order of their numbers. */
  async next(nowMs: number): Promise<number[]> {
    const pids = await this.#proc.pids();
    this.#beat++;
    const before = this.#seenMs;
    this.#seenMs = new Map(pids.map((pid) => [pid, before.get(pid) ?? nowMs]));
    return pids.filter((pid) => this.#isYoung(pid, nowMs) || this.isDue(pid));
  }

  #isYoung(pid: number, nowMs: number): boolean {
    return nowMs - (this.#seenMs.get(pid) ?? 0) < this.#timing.youngMs;
  }
}
