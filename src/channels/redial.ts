import { type Backoff, backoffMs } from "../base/backoff.ts";

/** After a close or a refused connect: QEMU's backlog is 1, and a socket's file is there before anyone listens. */
const RETRY: Backoff = { firstMs: 10, maxMs: 1000 };

/** Tries in quick succession; after them only a scan tries again, so that dead files cost nothing. */
const RETRIES_MAX = 8;

/** A connection that held for so long was a good one: its loss is tried again quickly. */
const LASTED_MS = 1000;

/** Decides when to reconnect a socket. A scan never makes it reconnect sooner than the back-off allows. */
export class Redial {
  readonly #again: () => void;
  #waiting: Timer | undefined;
  #lasting: Timer | undefined;
  #tries = 0;
  /** Which file was tried: another one of the same name is another QEMU's. */
  #file: string | undefined;

  constructor(again: () => void) {
    this.#again = again;
  }

  /** Whether a file may be dialled now. */
  mayDial(file: string): boolean {
    if (file === this.#file && this.#waiting !== undefined) return false;
    if (file !== this.#file) this.#tries = 0;
    this.#file = file;
    this.stop();
    return true;
  }

  /** It is connected. */
  connected(): void {
    this.#lasting = setTimeout(() => {
      this.#tries = 0;
    }, LASTED_MS);
  }

  /** It was lost, or could not be had. */
  lost(): void {
    this.#wait(this.#tries < RETRIES_MAX);
  }

  /** An untrusted process serves it: only a scan tries again. */
  left(): void {
    this.#wait(false);
  }

  /** Nothing is due any more. */
  stop(): void {
    clearTimeout(this.#lasting);
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
  }

  #wait(isRetried: boolean): void {
    this.stop();
    const ended = () => {
      this.#waiting = undefined;
      if (isRetried) this.#again();
    };
    this.#waiting = setTimeout(ended, backoffMs(RETRY, ++this.#tries));
  }
}
