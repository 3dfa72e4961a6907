/** How many bytes of long chunks may wait to be handled. */
export const BACKLOG_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Counts the bytes that wait in all connections. The runtime reads all that a guest sent, up to some 200 KiB at once, and
 * a turn handles 32 packets of it: thousands of guests that flood together would fill the memory of the daemon.
 */
export class Backlog {
  /** To be called when bytes of a guest are dropped. */
  readonly overrun: () => void;
  #bytes = 0;

  constructor(overrun: () => void) {
    this.overrun = overrun;
  }

  /** Whether a connection may keep so many bytes more. */
  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= BACKLOG_BYTES_MAX;
  }

  /** A connection keeps so many bytes more than before, or fewer. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
