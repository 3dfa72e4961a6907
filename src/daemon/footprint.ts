/** Above this part of a CPU the daemon is at work. */
const WORK_SHARE = 0.01;

/** After work the memory is kept for so long in ms, because a guest that asks in bursts must not wait for it. */
const REST_MS = 2 * 60_000;

/** What memory is given back with. */
export interface FootprintMeans {
  /** Frees garbage, and the code that was compiled for what ran often. */
  readonly shrink: () => void;
  /** Frees garbage. */
  readonly collect: () => void;
  /** Gives back the pages of files that are mapped; those that are used come back. */
  readonly givePagesBack: () => void;
  /** CPU time that the process has used, in µs. */
  readonly processCpuUs: () => bigint;
}

/**
 * Gives back the memory that only the start or a flood of requests needed, when nobody asks for anything. Freeing takes
 * some ms, so it is done once for each rest. Compiled code is freed in the first rest only: most of what the start ran is
 * never run again, and what a flood ran is small and runs again in the next one. Pages are given back at each later beat: 8 MB
 * are used right after that, and some 20 MB when a beat has run.
 */
export class Footprint {
  readonly #means: FootprintMeans;
  /** At the last beat; undefined before the first, because the work of the start does not count. */
  #last: { readonly monoMs: number; readonly usedUs: bigint } | undefined;
  /** When the rest begins that follows the last work. */
  #restsAtMs = 0;
  /** Whether the memory was freed in this rest. */
  #isFreed = false;
  #hasRested = false;

  constructor(means: FootprintMeans) {
    this.#means = means;
  }

  /** Called regularly, with the time of the monotonic clock. */
  beat(monoMs: number): void {
    const last = this.#last;
    const usedUs = this.#means.processCpuUs();
    this.#last = { monoMs, usedUs };
    if (last === undefined) return;
    if (Number(usedUs - last.usedUs) / 1000 > WORK_SHARE * (monoMs - last.monoMs)) {
      this.#restsAtMs = monoMs + REST_MS;
      this.#isFreed = false;
    } else if (monoMs >= this.#restsAtMs) this.#rest();
  }

  #rest(): void {
    if (!this.#isFreed) {
      this.#isFreed = true;
      if (this.#hasRested) this.#means.collect();
      else this.#means.shrink();
      this.#hasRested = true;
      return;
    }
    this.#means.givePagesBack();
  }
}
