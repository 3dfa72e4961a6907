const decoder = new TextDecoder();

/**
 * Reads XDR out of foreign bytes. Nothing throws: the first thing that does not fit makes {@link XdrReader.ok} false
 * for good, and from then on every read gives zero or nothing. Read all fields, then look at `ok` once.
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

  /** Whether everything read so far was there and within its bounds. */
  get ok(): boolean {
    return this.#ok;
  }

  /** Bytes that nobody has read yet. */
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

  /** An unsigned number of eight bytes; beyond 2^53 it is not exact. */
  u64(): number {
    return this.u32() * 0x1_0000_0000 + this.u32();
  }

  /** The length of an array: at most `max`, and not more than the bytes left can hold. */
  count(max: number, bytesEach: number): number {
    const count = this.u32();
    if (count <= max && count * bytesEach <= this.left) return count;
    return this.#fail(0);
  }

  /** Bytes of a fixed length; a view, not a copy. */
  fixed(length: number): Uint8Array {
    if (!this.#take(length + padding(length))) return new Uint8Array();
    const start = this.#at - length - padding(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Bytes with their length in front; a view, not a copy. */
  opaque(max: number): Uint8Array {
    const length = this.u32();
    if (length > max) return this.#fail(new Uint8Array());
    return this.fixed(length);
  }

  string(max: number): string {
    return decoder.decode(this.opaque(max));
  }

  /** A string that may be absent. */
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

/** XDR fills everything up to a multiple of four bytes. */
function padding(length: number): number {
  return -length & 3;
}
