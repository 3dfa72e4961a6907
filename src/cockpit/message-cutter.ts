/** The longest reply, in bytes. The daemon's own limit is half of it. */
const REPLY_BYTES_MAX = 32 * 1024 * 1024;

/** Cuts a stream into messages that end with a NUL. */
export class MessageCutter {
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** Adds bytes; returns the messages that they complete, or undefined if one is too long. */
  add(bytes: Uint8Array): string[] | undefined {
    const messages: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, from)) {
      this.#keep(bytes.subarray(from, end));
      messages.push(this.#take());
      from = end + 1;
    }
    this.#keep(bytes.subarray(from));
    return this.#length > REPLY_BYTES_MAX ? undefined : messages;
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  #take(): string {
    // A character may be cut between two pieces.
    const decoder = new TextDecoder();
    const text = this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("");
    this.#pieces = [];
    this.#length = 0;
    return text + decoder.decode();
  }
}
