const encoder = new TextEncoder();

/** Bytes for a usual call. The buffer grows for long names. */
const FIRST_BYTES = 128;

/** Writes XDR. Its input is trusted, so nothing is checked. */
export class XdrWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  u32(value: number): this {
    const at = this.#grow(4);
    new DataView(this.#bytes.buffer).setUint32(at, value);
    return this;
  }

  i32(value: number): this {
    return this.u32(value >>> 0);
  }

  /** Writes bytes whose length the reader knows. */
  fixed(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length + (-bytes.length & 3));
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Writes bytes with their length in front. */
  opaque(bytes: Uint8Array): this {
    return this.u32(bytes.length).fixed(bytes);
  }

  string(text: string): this {
    return this.opaque(encoder.encode(text));
  }

  /** Writes an optional string that is present. */
  presentString(text: string): this {
    return this.u32(1).string(text);
  }

  /** Returns the written bytes. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds `length` zero bytes and returns where they start. */
  #grow(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    return at;
  }
}
