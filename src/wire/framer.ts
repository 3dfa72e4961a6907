import { detect, isConnect, plausible, resynchronise } from "./detect.ts";
import { type Abi, HEADER_SIZE } from "./layout.ts";

/** After this time without a byte, the bytes are taken to end where a packet ends. */
export const QUIET_MS = 5;

/** After this time without a byte, an incomplete packet is dropped. */
export const SILENCE_MS = 100;

/** With this many bytes the packet size is certain, or the bytes are no packets. */
const DECIDED_SIZE = 464 + HEADER_SIZE;

/** How many bytes that are no packets are kept. More are dropped, which bounds the search for a packet in them. */
const CONFUSED_BYTES_MAX = 4096;

/**
 * Cuts the bytes of one channel into packets and finds their size (vm-power-protocol(7), "FINDING THE SIZE OF PACKETS").
 * It reads no clock: while {@link waiting} is true, its owner calls {@link quiet} after {@link QUIET_MS} without a byte and
 * {@link silence} after {@link SILENCE_MS}.
 */
export class Framer {
  /** Size of the guest's packets, while it is known. */
  abi: Abi | undefined;
  /** How often bytes were dropped: no packet could be found in them, or too many waited. */
  framingErrors = 0;

  readonly #fixed: Abi | undefined;
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  /** Position of the packet whose size was found last, so that it is not looked for twice. */
  #begunAt: number | undefined;

  constructor(abi: Abi | "auto" = "auto") {
    this.#fixed = abi === "auto" ? undefined : abi;
    this.abi = this.#fixed;
  }

  /** Whether there are bytes that are not a whole packet yet. */
  get waiting(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** How many bytes are kept in memory. */
  get held(): number {
    return this.#bytes.length;
  }

  /** Adds bytes that were read. The framer owns the chunk from then on. */
  push(chunk: Uint8Array): void {
    if (this.waiting) {
      const rest = this.#bytes.length - this.#at;
      const joined = new Uint8Array(rest + chunk.length);
      joined.set(this.#bytes.subarray(this.#at));
      joined.set(chunk, rest);
      this.#take(joined);
    } else {
      this.#take(chunk);
    }
  }

  /** The next whole packet, or undefined when more bytes are needed. Its length is the guest's packet size. */
  next(): Uint8Array | undefined {
    const at = this.#at;
    const left = this.#bytes.length - at;
    if (left === 0) return undefined;
    const size = this.#sizeOfNext();
    if (size === undefined || left < size) return this.#keep();
    // Most chunks are one packet. Otherwise a copy of 464 bytes costs less than a view, for which the runtime would first
    // allocate a buffer.
    const packet = at === 0 && left === size ? this.#bytes : this.#bytes.slice(at, at + size);
    // A chunk that is used up is let go at once, so that thousands of idle channels need no memory.
    if (left === size) this.#take(NOTHING);
    else this.#at += size;
    return packet;
  }

  /** Too many bytes wait: keeps so many at the most, and frees the memory of the others at once. */
  shorten(length: number): void {
    if (this.#bytes.length - this.#at <= length) return;
    const chunk = this.#bytes;
    this.#take(chunk.slice(this.#at, this.#at + length));
    if (chunk.buffer instanceof ArrayBuffer && chunk.buffer.byteLength === chunk.length)
      chunk.buffer.transfer(0);
    this.framingErrors++;
  }

  /** The guest has paused, so the bytes end where a packet ends. {@link next} may return packets afterwards. */
  quiet(): void {
    const rest = this.#bytes.subarray(this.#at);
    const abi = this.#fixed === undefined ? detect(rest, 0, { quiet: true }) : undefined;
    if (abi !== undefined) {
      this.#begin(abi);
      return;
    }
    if (rest.length < DECIDED_SIZE && plausible(rest, 0, { strict: this.abi === undefined })) return;
    const found = resynchronise(rest, this.#fixed);
    if (found === undefined) return;
    this.framingErrors++;
    this.#at += found.at;
    this.#begin(found.abi);
  }

  /** The rest of an incomplete packet will not come: drops it. The next bytes begin a packet. */
  silence(): void {
    if (this.waiting) this.#drop();
  }

  /**
   * The size of the next packet; undefined if none can begin here, or if it cannot be told yet. Finds it again if another
   * guest process may have begun.
   */
  #sizeOfNext(): Abi | undefined {
    if (this.#begunAt === this.#at) return this.abi;
    const known = this.abi;
    if (known !== undefined && (this.#fixed !== undefined || !isConnect(this.#bytes, this.#at)))
      return plausible(this.#bytes, this.#at, { strict: false }) ? known : undefined;
    const found = detect(this.#bytes, this.#at, { quiet: false });
    this.#begin(found);
    return found;
  }

  #begin(abi: Abi | undefined): void {
    this.abi = abi;
    this.#begunAt = this.#at;
  }

  #take(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#begunAt = undefined;
  }

  /** Keeps the remaining bytes, without the chunk they came in. */
  #keep(): undefined {
    const left = this.#bytes.length - this.#at;
    if (left > CONFUSED_BYTES_MAX) this.#drop();
    else this.#take(this.#bytes.slice(this.#at));
    return undefined;
  }

  #drop(): void {
    this.framingErrors++;
    this.abi = this.#fixed;
    this.#take(NOTHING);
  }
}

const NOTHING = new Uint8Array(0);
