/** Lines about one VM or user in each interval; the rest is counted. */
const LINES_MAX = 5;
const INTERVAL_MS = 60_000;

/** VMs remembered; names come from the hypervisor, so this is no guest's to fill. */
const KEYS_MAX = 10_000;

interface Window {
  startMs: number;
  lines: number;
  suppressed: number;
}

/** Lets a few lines per key and minute through, so that nobody fills the disk. `nowMs` is monotonic. */
export class LineLimiter {
  readonly #windows = new Map<string, Window>();
  readonly #linesMax: number;

  constructor(linesMax = LINES_MAX) {
    this.#linesMax = linesMax;
  }

  /** Whether to write a line now; `suppressed` counts those left out since the last one that was written. */
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
