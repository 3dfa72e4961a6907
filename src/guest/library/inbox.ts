import { decodeReply, type Reply, replySize } from "../../wire/decode-reply.ts";

/** One reply of the host. */
export interface Received {
  readonly frame: Uint8Array;
  readonly reply: Reply;
}

/** Cuts the host's bytes into replies. A host writes each reply in one piece, but it may be read in several. */
export class Inbox {
  #chunks: Uint8Array[] = [];

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice());
  }

  /** Returns the next whole reply. If the bytes are no reply, the next piece that is read may begin with one. */
  next(): Received | undefined {
    while (this.#chunks.length > 0) {
      const bytes = joined(this.#chunks);
      const size = replySize(bytes);
      if (typeof size === "object") {
        this.#chunks.shift();
        continue;
      }
      if (size === undefined || bytes.length < size) return undefined;
      const frame = bytes.subarray(0, size);
      this.#skip(size);
      return { frame, reply: decodeReply(frame) };
    }
    return undefined;
  }

  clear(): void {
    this.#chunks = [];
  }

  #skip(size: number): void {
    let left = size;
    while (left > 0) {
      const first = this.#chunks.shift();
      if (first === undefined) return;
      if (first.length > left) this.#chunks.unshift(first.subarray(left));
      left -= first.length;
    }
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
