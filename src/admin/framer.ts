/** Cuts a byte stream into messages that each end with a NUL. */
export interface Framer {
  /** Takes what arrived; the bytes are copied. */
  push(chunk: Uint8Array): void;
  /** The next whole message without its NUL; undefined when it has not arrived. */
  next(): Uint8Array | "tooLong" | undefined;
  /** Bytes that were not handed out yet. */
  buffered(): number;
}

const FIRST_CAPACITY = 4096;

/** Makes a framer for messages of at most so many bytes. After `tooLong` it is of no more use. */
export function createFramer(messageBytesMax: number): Framer {
  let buffer = new Uint8Array(FIRST_CAPACITY);
  let start = 0;
  let end = 0;
  // Bytes before it hold no NUL: a message that comes byte by byte is looked at once, not once per byte.
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
      // A client that sent much once does not keep its memory for ever.
      if (start === end && buffer.length > FIRST_CAPACITY) buffer = new Uint8Array(FIRST_CAPACITY);
      if (start === end) start = end = scanned = 0;
      return message;
    },
    buffered: () => end - start,
  };
}
