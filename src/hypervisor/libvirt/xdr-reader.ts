const decoder = new TextDecoder();

/**
 * Reads XDR from untrusted bytes. Nothing throws: the first invalid field makes {@link XdrReader.ok} false for good,
 * and further reads return zero or nothing. Read all fields, then check `ok` once.
 */
export class XdrReader {
  #at = 0;
  #ok = true;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether all fields so far existed and were within their bounds. */
  get ok(): boolean {
    return this.#ok;
  }

  /** Number of bytes left. */
  get left(): number {
    return this.#ok ? this.#bytes.length - this.#at : 0;
  }

  u32(): number {
    if (!this.#take(4)) return 0;
    return this.#view.getUint32(this.#at - 4);
  }

  i32(): number {
    return this.u32() | 0;
  }

  /** Reads an unsigned number of eight bytes. It is not exact from 2^53. */
  u64(): number {
    return this.u32() * 0x1_0000_0000 + this.u32();
  }

  /** Reads a floating-point number, which may be infinite or none at all. */
  double(): number {
    if (!this.#take(8)) return 0;
    return this.#view.getFloat64(this.#at - 8);
  }

  /** Reads the length of an array: at most `max`, and no more than the remaining bytes can hold. */
  count(max: number, bytesEach: number): number {
    const count = this.u32();
    if (count <= max && count * bytesEach <= this.left) return count;
    return this.#fail(0);
  }

  /** Reads bytes of a fixed length. Returns a view, not a copy. */
  fixed(length: number): Uint8Array {
    if (!this.#take(length + padding(length))) return new Uint8Array();
    const start = this.#at - length - padding(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Reads bytes with their length in front. Returns a view, not a copy. */
  opaque(max: number): Uint8Array {
    const length = this.u32();
    if (length > max) return this.#fail(new Uint8Array());
    return this.fixed(length);
  }

  string(max: number): string {
    return decoder.decode(this.opaque(max));
  }

  /** Reads an optional string. */
  optionalString(max: number): string | undefined {
    const present = this.u32();
    if (present > 1) return this.#fail(undefined);
    return present === 1 ? this.string(max) : undefined;
  }

  #take(length: number): boolean {
    if (!this.#ok || length > this.#bytes.length - this.#at) return this.#fail(false);
    this.#at += length;
    return true;
  }

  #fail<T>(nothing: T): T {
    this.#ok = false;
    return nothing;
  }
}

/** XDR pads everything to a multiple of four bytes. */
function padding(length: number): number {
  return -length & 3;
}
