/** A connection that sent no more than this is never cut short: 32 packets of the longest size. */
export const SHORT_BYTES = 32 * 464;

/** How many bytes of longer chunks may wait to be handled. */
export const BACKLOG_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Counts the bytes that wait in all connections. The kernel hands over all that a guest sent, up to some 200 KiB at once,
 * and a turn handles 32 packets of it: thousands of guests that flood together would fill the memory of the daemon.
 */
export class Backlog {
  readonly #overrun: () => void;
  #bytes = 0;

  /** `overrun` is called when bytes of a guest are dropped. */
  constructor(overrun: () => void) {
    this.#overrun = overrun;
  }

  /** Whether a connection may keep so many bytes more. Otherwise it keeps {@link SHORT_BYTES}. */
  hasRoom(bytes: number): boolean {
    if (this.#bytes + bytes <= BACKLOG_BYTES_MAX) return true;
    this.#overrun();
    return false;
  }

  /** A connection keeps so many bytes more than before, or fewer. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
