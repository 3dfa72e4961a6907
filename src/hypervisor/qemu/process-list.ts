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
  readonly #seenMs = new Map<number, number>();
  /** After so many beats each older process was looked at. */
  readonly #turns: number;
  #beat = 0;
  #lastPid: number | undefined;

  constructor(proc: Proc, timing: QemuTiming) {
    this.#proc = proc;
    this.#timing = timing;
    this.#turns = Math.max(1, Math.round(timing.oldMs / timing.beatMs));
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
    return pid % this.#turns === this.#beat % this.#turns;
  }

  /** Reads the list of processes, unless none has begun since the last time. Returns those to look at: with `all` each. */
  async next(nowMs: number, { all }: { readonly all: boolean }): Promise<number[]> {
    this.#beat++;
    // Read first: a process that begins meanwhile makes the next time another one.
    const { lastPid } = this.#proc;
    if (lastPid === undefined || lastPid !== this.#lastPid || this.#beat % this.#turns === 0)
      this.#settle(await this.#proc.pids(), nowMs);
    this.#lastPid = lastPid;
    return [...this.#seenMs.keys()].filter((pid) => all || this.#isYoung(pid, nowMs) || this.isDue(pid));
  }

  #settle(pids: readonly number[], nowMs: number): void {
    for (const pid of pids) if (!this.#seenMs.has(pid)) this.#seenMs.set(pid, nowMs);
    if (this.#seenMs.size === pids.length) return;
    const there = new Set(pids);
    for (const pid of this.#seenMs.keys()) if (!there.has(pid)) this.#seenMs.delete(pid);
  }

  #isYoung(pid: number, nowMs: number): boolean {
    return nowMs - (this.#seenMs.get(pid) ?? 0) < this.#timing.youngMs;
  }
}
