/** The most bytes that are kept of one host's output. */
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** The most bytes that are kept of all hosts of a command. */
const ALL_OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/** What may still be kept of all hosts' output. */
export class OutputRoom {
  #left = ALL_OUTPUT_BYTES_MAX;

  /** Reads a stream to its end. If it has too many bytes, calls `tooMuch` and keeps no more. */
  async read(stream: ReadableStream<Uint8Array>, tooMuch: () => void): Promise<string> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > OUTPUT_BYTES_MAX || chunk.length > this.#left) tooMuch();
      else {
        this.#left -= chunk.length;
        chunks.push(chunk);
      }
    }
    return Buffer.concat(chunks).toString();
  }
}
