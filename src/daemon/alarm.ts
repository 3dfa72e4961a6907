import type { Now } from "../base/now.ts";
import type { TurnClock } from "./turn-clock.ts";

/** The longest wait in ms that `setTimeout` takes, 24.8 days: it would make a longer one 1 ms. */
const WAIT_MAX_MS = 2 ** 31 - 1;

/** Called at the time of the alarm. */
export type Ring = (now: Now) => void;

/** One timer for everything in the daemon that is due at some time. Each entry has its own name. */
export class Alarm {
  readonly #time: TurnClock;
  readonly #rings = new Map<string, { readonly atMs: number; readonly ring: Ring }>();
  #timer: Timer | undefined;
  #nextMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(time: TurnClock) {
    this.#time = time;
  }

  /** Calls back once, at a time of the monotonic clock. Replaces the entry of the same name. */
  at(name: string, atMs: number, ring: Ring): void {
    if (this.#isClosed) return;
    this.#rings.set(name, { atMs, ring });
    if (atMs < this.#nextMs) this.#arm(atMs);
  }

  /** Calls back once, after a time in ms. */
  after(name: string, delayMs: number, ring: Ring): void {
    this.at(name, this.#time().monoMs + delayMs, ring);
  }

  /** Whether there is an entry of that name. */
  has(name: string): boolean {
    return this.#rings.has(name);
  }

  cancel(name: string): void {
    this.#rings.delete(name);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#rings.clear();
  }

  #arm(atMs: number): void {
    clearTimeout(this.#timer);
    this.#nextMs = atMs;
    const waitMs = Math.max(0, Math.ceil(atMs - this.#time().monoMs));
    this.#timer = setTimeout(() => this.#wake(), Math.min(waitMs, WAIT_MAX_MS));
  }

  #wake(): void {
    const now = this.#time();
    this.#nextMs = Number.POSITIVE_INFINITY;
    const due = [...this.#rings].filter(([, { atMs }]) => atMs <= now.monoMs);
    for (const [name, entry] of due) {
      // A callback before this one may have cancelled or replaced the entry.
      if (this.#rings.get(name) !== entry) continue;
      this.#rings.delete(name);
      entry.ring(now);
    }
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.#rings.values()) nextMs = Math.min(nextMs, atMs);
    if (nextMs < this.#nextMs) this.#arm(nextMs);
  }
}
