/** Something that happens at a time. */
export interface Entry {
  readonly atMs: number;
  /** Entries of the same time happen in the order in which they were made. */
  readonly order: number;
  /** Undefined once it happened or was cancelled. */
  run: (() => void) | undefined;
  /** The program that waits for it. */
  readonly owner: object | undefined;
}

/** So many settings of the wall clock are remembered. */
const JUMPS_MAX = 8;

/** Simulated time, and everything that waits for it. Time passes only between entries. */
export class Timeline {
  nowMs = 0;
  /** What the wall clock shows more than the time since the boot. */
  wallOffsetMs: number;
  /** When the wall clock was set, and by how much: the last times, the newest first. */
  jumps: readonly { readonly atMs: number; readonly byMs: number }[] = [];
  readonly #heap: Entry[] = [];
  #turn: (() => void)[] = [];
  #order = 0;

  constructor(wallOffsetMs: number) {
    this.wallOffsetMs = wallOffsetMs;
  }

  get wallMs(): number {
    return Math.floor(this.nowMs + this.wallOffsetMs);
  }

  setWall(byMs: number): void {
    this.wallOffsetMs += byMs;
    this.jumps = [{ atMs: this.nowMs, byMs }, ...this.jumps].slice(0, JUMPS_MAX);
  }

  after(delayMs: number, run: () => void, owner?: object): Entry {
    const entry: Entry = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run, owner };
    this.#push(entry);
    return entry;
  }

  /** In the next turn of the event loop, before any time passes. */
  soon(run: () => void): void {
    this.#turn.push(run);
  }

  /** When the next step is; infinite if nothing waits. */
  nextMs(): number {
    if (this.#turn.length > 0) return this.nowMs;
    this.#drop();
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Lets the next thing happen. Returns false if nothing waits. */
  step(): boolean {
    if (this.#turn.length > 0) {
      const turn = this.#turn;
      this.#turn = [];
      for (const run of turn) run();
      return true;
    }
    this.#drop();
    const entry = this.#pop();
    if (entry === undefined) return false;
    const { run, atMs } = entry;
    entry.run = undefined;
    if (atMs > this.nowMs) this.nowMs = atMs;
    run?.();
    return true;
  }

  /** How many entries of a program wait. */
  waitingOf(owner: object): number {
    return this.#heap.filter((entry) => entry.owner === owner && entry.run !== undefined).length;
  }

  /** Removes what was cancelled from the front. */
  #drop(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) this.#pop();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Entry;
      if (!isBefore(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && isBefore(heap[down + 1] as Entry, heap[down] as Entry)) down++;
      if (!isBefore(heap[down] as Entry, last)) break;
      heap[at] = heap[down] as Entry;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
