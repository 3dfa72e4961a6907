/** The end of a socket that is written to; what Bun's sockets have. */
export interface Writable {
  /** Takes as many bytes as there is room for, and says how many; negative when the connection is gone. */
  write(bytes: Uint8Array): number;
}

/** What waits to be written to one socket, in order. */
export interface Outbox {
  send(bytes: Uint8Array): void;
  /** Writes on, after the socket said that there is room again. */
  flush(): void;
  /** Bytes that wait. */
  queued(): number;
}

/** Keeps what a socket does not take at once: Bun's `write()` takes what fits and forgets the rest. */
export function createOutbox(socket: Writable): Outbox {
  const waiting: Uint8Array[] = [];
  let queued = 0;

  function flush(): void {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const taken = Math.max(0, socket.write(first));
      queued -= taken;
      if (taken < first.length) {
        waiting[0] = first.subarray(taken);
        return;
      }
      waiting.shift();
    }
  }

  return {
    send(bytes) {
      waiting.push(bytes);
      queued += bytes.length;
      if (waiting.length === 1) flush();
    },
    flush,
    queued: () => queued,
  };
}
