import { detect, isConnect, plausible, resynchronise } from "./detect.ts";
import { type Abi, HEADER_SIZE } from "./layout.ts";

/** After so long without a byte, what is there ends where a packet ends (spec section 7, step 3). */
export const QUIET_MS = 5;

/** After so long without a byte, the rest of a packet will not come (step 4). */
export const SILENCE_MS = 100;

/** With so many bytes the packet size is found, or there is none. */
const DECIDED_SIZE = 464 + HEADER_SIZE;

/** Bytes kept that do not make sense; past it they are dropped. It bounds the work of looking for a packet in them. */
const CONFUSED_BYTES_MAX = 4096;

/**
 * Cuts one channel's bytes into packets, whatever release of DPDK sends them (spec section 7). It knows no clock: its
 * owner calls {@link quiet} and {@link silence} when {@link QUIET_MS} and {@link SILENCE_MS} passed without a byte
 * while {@link waiting} is true.
 */
export class Framer {
  /** Size of the guest's packets, while it is known. */
  abi: Abi | undefined;
  /** How often bytes were dropped because no packet could be found in them. */
  framingErrors = 0;

  readonly #fixed: Abi | undefined;
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  #own = false;
  /** Where detection has judged the packet at the head, so that it is not judged again. */
  #begunAt = -1;

  constructor(abi: Abi | "auto" = "auto") {
    this.#fixed = abi === "auto" ? undefined : abi;
    this.abi = this.#fixed;
  }

  /** Whether bytes are kept that are not a whole packet yet. */
  get waiting(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** Takes what was read; the framer owns the chunk from now on. */
  push(chunk: Uint8Array): void {
    if (this.waiting) {
      const rest = this.#bytes.length - this.#at;
      const joined = new Uint8Array(rest + chunk.length);
      joined.set(this.#bytes.subarray(this.#at));
      joined.set(chunk, rest);
      this.#take(joined, { own: true });
    } else {
      this.#take(chunk, { own: false });
    }
  }

  /** The next whole packet, or undefined when more bytes are needed. Its length is the guest's packet size. */
  next(): Uint8Array | undefined {
    const left = this.#bytes.length - this.#at;
    if (left === 0) return this.#release();
    if (left >= HEADER_SIZE && !this.#detected()) return this.#keep();
    const size = this.abi;
    if (size === undefined || left < size || left < HEADER_SIZE) return this.#keep();
    const at = this.#at;
    this.#at += size;
    // Mostly a chunk is one packet. A copy of 464 bytes costs less than a view, which gives the chunk a buffer first.
    return at === 0 && left === size ? this.#bytes : this.#bytes.slice(at, at + size);
  }

  /** The guest has paused: what is there ends where a packet ends. Packets may come from {@link next} now. */
  quiet(): void {
    if (!this.waiting) return;
    const rest = this.#bytes.subarray(this.#at);
    const abi = this.#fixed === undefined ? detect(rest, 0, { quiet: true }) : undefined;
    if (abi !== undefined) {
      this.#begin(abi);
      return;
    }
    if (rest.length < HEADER_SIZE) return;
    if (rest.length < DECIDED_SIZE && plausible(rest, 0, { strict: this.abi === undefined })) return;
    const found = resynchronise(rest, this.#fixed);
    if (found === undefined) return;
    this.framingErrors++;
    this.#at += found.at;
    this.#begin(found.abi);
  }

  /** The rest of what is there will not come: it is dropped, and the next bytes begin a packet. */
  silence(): void {
    if (this.waiting) this.#drop();
  }

  /** Whether the packet at the head may be cut with {@link abi}; finds the size when a new guest process begins. */
  #detected(): boolean {
    if (this.#begunAt === this.#at) return true;
    const known = this.abi !== undefined;
    const connect = isConnect(this.#bytes, this.#at);
    if (known && (this.#fixed !== undefined || !connect)) {
      if (plausible(this.#bytes, this.#at, { strict: false })) return true;
      if (this.#fixed !== undefined) return false;
      this.abi = undefined;
    }
    const abi = detect(this.#bytes, this.#at, { quiet: false });
    if (abi === undefined) return false;
    this.#begin(abi);
    return true;
  }

  #begin(abi: Abi): void {
    this.abi = abi;
    this.#begunAt = this.#at;
  }

  #take(bytes: Uint8Array, { own }: { own: boolean }): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#own = own;
    this.#begunAt = -1;
  }

  /** Keeps the rest for later, in as little memory as it needs. */
  #keep(): undefined {
    const left = this.#bytes.length - this.#at;
    if (left > CONFUSED_BYTES_MAX) this.#drop();
    else if (!this.#own || this.#at > 0) this.#take(this.#bytes.slice(this.#at), { own: true });
    return undefined;
  }

  /** Lets go of a chunk that is used up: thousands of channels that are still keep nothing. */
  #release(): undefined {
    if (this.#bytes !== NOTHING) this.#take(NOTHING, { own: true });
    return undefined;
  }

  #drop(): void {
    this.framingErrors++;
    this.abi = this.#fixed;
    this.#take(NOTHING, { own: true });
  }
}

const NOTHING = new Uint8Array(0);
