/** How often the use of the CPU is judged, in ms. */
const WINDOW_MS = 50;

/**
 * The largest part of a CPU that is used with realtime priority. An ordinary process of the same weight would get as
 * much beside one other.
 */
const SHARE_MAX = 0.5;

/**
 * How long the priority stays ordinary after too much use, in ms: a short while, since the compiler of the runtime needs
 * as much for a moment, and twice as long each time, since a flood goes on.
 */
const PENANCE_MS = { first: WINDOW_MS, longest: 1000 };

/** After so long in ms with the priority and without too much use, the next penance is a first one again. */
const PARDON_MS = 1000;

/** What the priority is changed with. */
export interface PriorityMeans {
  /** Returns false if the kernel refuses. */
  readonly becomeRealtime: () => boolean;
  readonly becomeOrdinary: () => boolean;
  /** CPU time that the process has used, in µs. */
  readonly processCpuUs: () => bigint;
}

/**
 * The realtime priority of the daemon: a request must not wait until a process that spins has used up its time slice.
 * During a flood of requests the daemon is an ordinary process, so that it takes no more from others than without the
 * priority.
 */
export class Priority {
  readonly #means: PriorityMeans;
  #isRealtime = false;
  /** Undefined until {@link begin}, and for good if the kernel refuses. */
  #judgeAtMs: number | undefined;
  #sinceMs = 0;
  /** When the priority was taken last. */
  #takenMs = 0;
  #penanceMs = PENANCE_MS.first;
  #usedUs = 0n;

  constructor(means: PriorityMeans) {
    this.#means = means;
  }

  /** Takes the realtime priority. Returns false if the kernel refuses it. */
  begin(monoMs: number): boolean {
    if (!this.#means.becomeRealtime()) return false;
    this.#isRealtime = true;
    this.#takenMs = monoMs;
    this.#open(monoMs, this.#means.processCpuUs(), WINDOW_MS);
    return true;
  }

  /** Called at every turn of the event loop, with the time of the monotonic clock. */
  turned(monoMs: number): void {
    if (this.#judgeAtMs === undefined || monoMs < this.#judgeAtMs) return;
    const usedUs = this.#means.processCpuUs();
    const usedMs = Number(usedUs - this.#usedUs) / 1000;
    const isGreedy = usedMs > SHARE_MAX * (monoMs - this.#sinceMs);
    if (isGreedy && this.#isRealtime) this.#isRealtime = !this.#means.becomeOrdinary();
    else if (!isGreedy && !this.#isRealtime) {
      this.#isRealtime = this.#means.becomeRealtime();
      this.#takenMs = monoMs;
    }
    this.#open(monoMs, usedUs, isGreedy ? this.#penance() : WINDOW_MS);
    if (!isGreedy && monoMs - this.#takenMs >= PARDON_MS) this.#penanceMs = PENANCE_MS.first;
  }

  /** How long the penance is that begins now. */
  #penance(): number {
    const lengthMs = this.#penanceMs;
    this.#penanceMs = Math.min(2 * lengthMs, PENANCE_MS.longest);
    return lengthMs;
  }

  #open(monoMs: number, usedUs: bigint, lengthMs: number): void {
    this.#sinceMs = monoMs;
    this.#usedUs = usedUs;
    this.#judgeAtMs = monoMs + lengthMs;
  }
}
