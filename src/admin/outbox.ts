/** The end of a socket that is written to; what Bun's sockets have. */
export interface Writable {
  /** Writes as many bytes as fit and returns how many; negative if the connection is gone. */
  write(bytes: Uint8Array): number;
}

/** Bytes that wait to be written to one socket, in order. */
export interface Outbox {
  /** Adds bytes; nothing is written yet. */
  add(bytes: Uint8Array): void;
  /** Writes as many bytes as fit, with one call. */
  flush(): void;
  /** The socket has room again. */
  drained(): void;
  /** Number of bytes that wait. */
  queued(): number;
}

/** Keeps what a socket does not take: Bun's `write()` writes what fits and discards the rest. */
export function createOutbox(socket: Writable): Outbox {
  let waiting: Uint8Array[] = [];
  let queued = 0;
  // A full socket is not used again before it reports room.
  let isFull = false;

  function flush(): void {
    if (isFull || queued === 0) return;
    const [only] = waiting;
    const bytes = waiting.length === 1 && only !== undefined ? only : Buffer.concat(waiting);
    const taken = Math.max(0, socket.write(bytes));
    queued = bytes.length - taken;
    isFull = queued > 0;
    waiting = isFull ? [bytes.subarray(taken)] : [];
  }

  return {
    add(bytes) {
      waiting.push(bytes);
      queued += bytes.length;
    },
    flush,
    drained() {
      isFull = false;
      flush();
    },
    queued: () => queued,
  };
}
