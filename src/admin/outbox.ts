/** The end of a socket that is written to; what Bun's sockets have. */
export interface Writable {
  /** Takes as many bytes as there is room for, and says how many; negative when the connection is gone. */
  write(bytes: Uint8Array): number;
}

/** What waits to be written to one socket, in order. */
export interface Outbox {
  /** Puts bytes at the end; nothing is written yet. */
  add(bytes: Uint8Array): void;
  /** Writes what there is room for, in one piece. */
  flush(): void;
  /** The socket said that there is room again. */
  drained(): void;
  /** Bytes that wait. */
  queued(): number;
}

/** Keeps what a socket does not take at once: Bun's `write()` takes what fits and forgets the rest. */
export function createOutbox(socket: Writable): Outbox {
  let waiting: Uint8Array[] = [];
  let queued = 0;
  // A full socket is not asked again before it said that there is room.
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
