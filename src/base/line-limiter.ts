/** Lines about one key (a VM or a user) in each interval. Further lines are counted. */
const LINES_MAX = 5;
const INTERVAL_MS = 60_000;

/** The most keys that are remembered. Names come from the hypervisor, so a guest cannot fill the table. */
const KEYS_MAX = 10_000;

interface Window {
  startMs: number;
  lines: number;
  suppressed: number;
}

/** Lets a few lines per key and minute through, to bound the log. `nowMs` is monotonic. */
export class LineLimiter {
  readonly #windows = new Map<string, Window>();
  readonly #linesMax: number;

  constructor(linesMax = LINES_MAX) {
    this.#linesMax = linesMax;
  }

  /**
   * Returns undefined if a line must not be written now. Otherwise `suppressed` counts the lines left out since the
   * last one.
   */
  allow(key: string, nowMs: number): { readonly suppressed: number } | undefined {
    let window = this.#windows.get(key);
    if (window === undefined) {
      if (this.#windows.size >= KEYS_MAX) this.#windows.clear();
      window = { startMs: nowMs, lines: 0, suppressed: 0 };
      this.#windows.set(key, window);
    }
    if (nowMs - window.startMs >= INTERVAL_MS) {
      window.startMs = nowMs;
      window.lines = 0;
    }
    if (window.lines >= this.#linesMax) {
      window.suppressed++;
      return undefined;
    }
    window.lines++;
    const { suppressed } = window;
    window.suppressed = 0;
    return { suppressed };
  }
}
