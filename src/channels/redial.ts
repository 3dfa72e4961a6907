import { type Backoff, backoffMs } from "../base/backoff.ts";

/** Waits after a close or a refused connect. QEMU's backlog is 1, and the socket's file exists before QEMU listens. */
const RETRY: Backoff = { firstMs: 10, maxMs: 1000 };

/** Attempts in quick succession. After them only a scan tries again, so that files without a server cost nothing. */
const RETRIES_MAX = 8;

/** A connection that lasted this long counts as good: after its loss the quick attempts start again. */
const LASTED_MS = 1000;

/** Decides when to connect a socket again. A scan never makes it connect sooner than the back-off allows. */
export class Redial {
  readonly #again: () => void;
  #waiting: Timer | undefined;
  /** Since when it is connected; undefined while it is not. */
  #connectedAtMs: number | undefined;
  #tries = 0;
  /** Identity of the file that was tried last. Another file with the same name belongs to another QEMU. */
  #file: string | undefined;

  constructor(again: () => void) {
    this.#again = again;
  }

  /** Whether to connect to a file now. */
  mayDial(file: string): boolean {
    if (file === this.#file && this.#waiting !== undefined) return false;
    if (file !== this.#file) this.#tries = 0;
    this.#file = file;
    this.stop();
    return true;
  }

  /** It is connected. */
  connected(): void {
    this.#connectedAtMs = performance.now();
  }

  /** It was lost or refused, or the connect failed. */
  lost(): void {
    this.stop();
    const isRetried = this.#tries < RETRIES_MAX;
    const ended = () => {
      this.#waiting = undefined;
      if (isRetried) this.#again();
    };
    this.#waiting = setTimeout(ended, backoffMs(RETRY, ++this.#tries));
  }

  /** Cancels the pending attempt. */
  stop(): void {
    const since = this.#connectedAtMs;
    if (since !== undefined && performance.now() - since >= LASTED_MS) this.#tries = 0;
    this.#connectedAtMs = undefined;
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
  }
}
