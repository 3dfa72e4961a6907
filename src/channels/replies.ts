/** Replies that are written together: few, so that the first hardly waits for the last. */
const TOGETHER_MAX = 8;

/** Bytes of them: the longest packet, so many times. */
const HELD_BYTES = 464 * TOGETHER_MAX;

const NOTHING = new Uint8Array(0);

/** What one guest's replies are joined in. One buffer is enough for all channels, because nothing is held between turns. */
const held = new Uint8Array(HELD_BYTES);

/** Whose replies are in {@link held}. They are written before those of another guest take their place. */
let holder: Replies | undefined;

/**
 * Replies to one guest. Those of packets that were received together are joined, since a write costs more than a
 * decision. The kernel takes such a message of a local socket whole or not at all.
 */
export class Replies {
  readonly #socket: { write(bytes: Uint8Array): number };
  readonly #counters: { repliesDropped: number };
  #isHolding = false;
  /** The first of those that are held. It is copied only if another one follows, which few turns have. */
  #first: Uint8Array = NOTHING;
  #length = 0;
  #count = 0;

  /** `write` returns how many bytes were written. Replies that the guest has no room for are counted. */
  constructor(socket: { write(bytes: Uint8Array): number }, counters: { repliesDropped: number }) {
    this.#socket = socket;
    this.#counters = counters;
  }

  /** Holds replies until {@link release}, which must follow in the same turn. */
  hold(): void {
    this.#isHolding = true;
  }

  release(): void {
    this.#isHolding = false;
    this.#flush();
  }

  /** A reply must stay as it is until {@link release}. */
  send(reply: Uint8Array): void {
    if (this.#count === TOGETHER_MAX || this.#length + reply.length > HELD_BYTES) this.#flush();
    if (!this.#isHolding || reply.length > HELD_BYTES) return this.#put(reply, 1);
    if (this.#count === 0) this.#first = reply;
    else {
      if (this.#count === 1) this.#join();
      held.set(reply, this.#length);
    }
    this.#length += reply.length;
    this.#count++;
  }

  /** Begins to join replies with the first that is held. */
  #join(): void {
    if (holder !== undefined) holder.#flush();
    holder = this;
    held.set(this.#first);
  }

  #flush(): void {
    if (this.#count === 0) return;
    if (holder === this) holder = undefined;
    this.#put(this.#count === 1 ? this.#first : held.subarray(0, this.#length), this.#count);
    this.#first = NOTHING;
    this.#length = 0;
    this.#count = 0;
  }

  #put(bytes: Uint8Array, replies: number): void {
    if (this.#socket.write(bytes) !== bytes.length) this.#counters.repliesDropped += replies;
  }
}
