/** Cuts a byte stream into messages that each end with a NUL. */
export interface Framer {
  /** Adds received bytes; they are copied. */
  push(chunk: Uint8Array): void;
  /** The next whole message without its NUL; undefined if it is not complete. */
  next(): Uint8Array | "tooLong" | undefined;
  /** Bytes that were not returned yet. */
  buffered(): number;
}

const FIRST_CAPACITY = 4096;

/** Makes a framer for messages of at most `limit` bytes. After `tooLong` it cannot be used any more. */
export function createFramer(messageBytesMax: number): Framer {
  let buffer = new Uint8Array(FIRST_CAPACITY);
  let start = 0;
  let end = 0;
  // Bytes before this position hold no NUL, so a message that arrives byte by byte is searched only once.
  let scanned = 0;

  function makeRoom(bytes: number): void {
    const used = end - start;
    if (end + bytes <= buffer.length) return;
    const target = used + bytes <= buffer.length ? buffer : new Uint8Array(2 * (used + bytes));
    target.set(buffer.subarray(start, end));
    buffer = target;
    scanned -= start;
    start = 0;
    end = used;
  }

  return {
    push(chunk) {
      makeRoom(chunk.length);
      buffer.set(chunk, end);
      end += chunk.length;
    },
    next() {
      const nul = buffer.subarray(0, end).indexOf(0, scanned);
      const length = (nul === -1 ? end : nul) - start;
      if (length > messageBytesMax) return "tooLong";
      if (nul === -1) {
        scanned = end;
        return undefined;
      }
      const message = buffer.slice(start, nul);
      start = nul + 1;
      scanned = start;
      // Releases the memory of a client that sent much once.
      if (start === end && buffer.length > FIRST_CAPACITY) buffer = new Uint8Array(FIRST_CAPACITY);
      return message;
    },
    buffered: () => end - start,
  };
}
