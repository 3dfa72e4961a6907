/** Above this part of a CPU the daemon is at work. */
const WORK_SHARE = 0.01;

/** After work the memory is kept for so long in ms, because a guest that asks in bursts must not wait for it. */
const REST_MS = 2 * 60_000;

/** In a rest pages are given back once in so many beats. */
const PAGES_BEATS = 4;

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
 * never run again, and what a flood ran is small and runs again in the next one. Pages are given back again and again,
 * because the runtime uses many of them once: it compiles what runs at beats.
 */
export class Footprint {
  readonly #means: FootprintMeans;
  /** At the last beat; undefined before the first, because the work of the start does not count. */
  #last: { readonly monoMs: number; readonly usedUs: bigint } | undefined;
  /** When the rest begins that follows the last work. */
  #restsAtMs = 0;
  /** Since the memory was freed; undefined before. */
  #beats: number | undefined;
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
      this.#beats = undefined;
    } else if (monoMs >= this.#restsAtMs) this.#rest();
  }

  #rest(): void {
    if (this.#beats === undefined) {
      this.#beats = 0;
      if (this.#hasRested) this.#means.collect();
      else this.#means.shrink();
      this.#hasRested = true;
      return;
    }
    if (this.#beats++ % PAGES_BEATS === 0) this.#means.givePagesBack();
  }
}
