/**
 * The longest object, in bytes: PIPE_BUF, the most that the kernel writes into a FIFO in one piece, so that the objects
 * of two writers do not mix. DPDK's host takes 1023.
 */
export const OBJECT_BYTES_MAX = 4096;

/** The deepest nesting of an object, itself included. A request needs three. */
export const NESTING_MAX = 8;

/** What was found in the bytes of a FIFO. After anything but an object, the bytes up to the next pause are left out. */
export type Found =
  /** Maybe not JSON; after a pause, maybe not all of it. */
  | { readonly kind: "object"; readonly bytes: Uint8Array }
  | { readonly kind: "too-long" }
  | { readonly kind: "too-deep" }
  /** Something else than white space outside of objects. */
  | { readonly kind: "stray-bytes" };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = [0x5b, 0x7b]; // [ {
const CLOSING = [0x5d, 0x7d]; // ] }
const [, BRACE] = OPENING;
const [, END_BRACE] = CLOSING;
const WHITE = [0x20, 0x09, 0x0a, 0x0d];

/** Cuts bytes into objects of JSON: each from its first brace to the one that closes it. */
export class ObjectCutter {
  readonly #object = new Uint8Array(OBJECT_BYTES_MAX);
  #length = 0;
  #braces = 0;
  #nesting = 0;
  #inString = false;
  #isEscaped = false;
  #skips = false;

  /** Whether a pause would make a difference: an object is not complete, or bytes are left out. */
  get waits(): boolean {
    return this.#skips || this.#length > 0;
  }

  /** Takes further bytes. */
  push(bytes: Uint8Array, found: (found: Found) => void): void {
    for (const byte of bytes) {
      if (this.#skips) return;
      const fault = this.#length === 0 ? this.#outside(byte) : this.#inside(byte);
      if (fault !== undefined) {
        this.#reset();
        this.#skips = true;
        found({ kind: fault });
      } else if (this.#length > 0 && this.#braces === 0) found({ kind: "object", bytes: this.#take() });
    }
  }

  /** Nobody writes for a while, or at all: what was begun is not completed. */
  pause(found: (found: Found) => void): void {
    this.#skips = false;
    if (this.#length > 0) found({ kind: "object", bytes: this.#take() });
  }

  #outside(byte: number): Exclude<Found["kind"], "object"> | undefined {
    if (byte === BRACE) return this.#inside(byte);
    return WHITE.includes(byte) ? undefined : "stray-bytes";
  }

  #inside(byte: number): Exclude<Found["kind"], "object"> | undefined {
    if (this.#length === OBJECT_BYTES_MAX) return "too-long";
    this.#object[this.#length++] = byte;
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === QUOTE) this.#inString = !this.#inString;
    else if (this.#inString) this.#isEscaped = byte === BACKSLASH;
    else return this.#bracket(byte);
    return undefined;
  }

  /** Braces alone decide where an object ends; brackets count for its depth. */
  #bracket(byte: number): "too-deep" | undefined {
    if (byte === BRACE) this.#braces++;
    else if (byte === END_BRACE) this.#braces--;
    if (OPENING.includes(byte)) this.#nesting++;
    else if (CLOSING.includes(byte)) this.#nesting--;
    return this.#nesting > NESTING_MAX ? "too-deep" : undefined;
  }

  #take(): Uint8Array {
    const bytes = this.#object.slice(0, this.#length);
    this.#reset();
    return bytes;
  }

  #reset(): void {
    this.#length = 0;
    this.#braces = 0;
    this.#nesting = 0;
    this.#inString = false;
    this.#isEscaped = false;
  }
}
