import type { Timeline } from "./timeline.ts";

/** How long bytes are on their way, in ms. */
const LATENCY_MS = 0.013;

/** What the kernel keeps for a reader that does not read. */
const BUFFER_BYTES = 212_992;

/** Called by one end of a connection. */
export interface EndHandlers {
  data(bytes: Uint8Array): void;
  /** The other side closed; called once. */
  closed(): void;
  /** There is room again after a write that did not fit. */
  drain?(): void;
}

/** Who is at an end, as `SO_PEERCRED` says. */
export interface Owner {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** One end of a connection. */
export class End {
  readonly owner: Owner;
  handlers: EndHandlers | undefined;
  other!: End;
  isOpen = true;
  /** Whose bytes arrive here, for the judge. */
  label: string | undefined;
  #paused = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #owesDrain = false;
  #otherClosed = false;
  readonly #timeline: Timeline;

  constructor(timeline: Timeline, owner: Owner) {
    this.#timeline = timeline;
    this.owner = owner;
  }

  /** Returns how many bytes were taken; -1 after the close. A small write is taken whole or not at all. */
  write(bytes: Uint8Array): number {
    if (!this.isOpen || !this.other.isOpen) return -1;
    const room = BUFFER_BYTES - this.other.#waitingBytes;
    if (bytes.length <= room) {
      this.other.#arrive(bytes.slice());
      return bytes.length;
    }
    this.#owesDrain = true;
    const part = Math.floor(room / 4096) * 4096;
    if (bytes.length <= 4096 || part === 0) return 0;
    this.other.#arrive(bytes.slice(0, part));
    return part;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#waiting.length > 0 || this.#otherClosed) this.#timeline.soon(() => this.#deliver());
  }

  /** Closes this end. What was written arrives before the other side learns of it. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const { other } = this;
    this.#timeline.after(LATENCY_MS, () => {
      other.#otherClosed = true;
      other.#deliver();
    });
  }

  #arrive(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#timeline.after(LATENCY_MS, () => this.#deliver());
  }

  #deliver(): void {
    while (!this.#paused && this.isOpen && this.#waiting.length > 0) {
      const waiting = this.#waiting;
      const bytes = waiting.length === 1 ? (waiting[0] as Uint8Array) : joined(waiting, this.#waitingBytes);
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.handlers?.data(bytes);
      if (this.other.#owesDrain) {
        this.other.#owesDrain = false;
        this.#timeline.soon(() => {
          if (this.other.isOpen) this.other.handlers?.drain?.();
        });
      }
    }
    if (!this.#otherClosed || !this.isOpen || this.#paused) return;
    this.isOpen = false;
    this.handlers?.closed();
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** A socket on which somebody listens. */
export class ListeningSocket {
  readonly owner: Owner;
  /** Takes a connection; undefined while nobody accepts, and connections wait. */
  accept: ((end: End) => void) | undefined;
  isOpen = true;
  readonly backlog: number;
  readonly #queue: End[] = [];
  readonly #timeline: Timeline;

  constructor(timeline: Timeline, owner: Owner, backlog = 128) {
    this.#timeline = timeline;
    this.owner = owner;
    this.backlog = backlog;
  }

  /** Connects; undefined if the connection is refused. */
  connect(owner: Owner): End | undefined {
    if (!this.isOpen || this.#queue.length > this.backlog) return undefined;
    const near = new End(this.#timeline, owner);
    const far = new End(this.#timeline, this.owner);
    near.other = far;
    far.other = near;
    this.#queue.push(far);
    this.#timeline.after(LATENCY_MS, () => this.acceptAll());
    return near;
  }

  acceptAll(): void {
    while (this.accept !== undefined && this.#queue.length > 0) {
      const end = this.#queue.shift() as End;
      if (end.isOpen) this.accept(end);
    }
  }

  close(): void {
    this.isOpen = false;
    this.accept = undefined;
    for (const end of this.#queue.splice(0)) end.close();
  }
}
