import type { Now } from "../base/now.ts";
import type { TurnClock } from "./turn-clock.ts";

/** Called when its time has come. */
export type Ring = (now: Now) => void;

/** The daemon's one timer: everything that is due some time is told to it, by a name of its own. */
export class Alarm {
  readonly #time: TurnClock;
  readonly #rings = new Map<string, { readonly atMs: number; readonly ring: Ring }>();
  #timer: Timer | undefined;
  #nextMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(time: TurnClock) {
    this.#time = time;
  }

  /** Rings once at a time of the monotonic clock; replaces what was told by the same name before. */
  at(name: string, atMs: number, ring: Ring): void {
    if (this.#isClosed) return;
    this.#rings.set(name, { atMs, ring });
    if (atMs < this.#nextMs) this.#arm(atMs);
  }

  /** Rings once after so long. */
  after(name: string, delayMs: number, ring: Ring): void {
    this.at(name, this.#time().monoMs + delayMs, ring);
  }

  /** Whether something is due by that name. */
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
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, Math.ceil(atMs - this.#time().monoMs)));
  }

  #wake(): void {
    const now = this.#time();
    this.#nextMs = Number.POSITIVE_INFINITY;
    const due = [...this.#rings].filter(([, { atMs }]) => atMs <= now.monoMs);
    for (const [name, entry] of due) {
      // An earlier one of them may have cancelled or replaced it.
      if (this.#rings.get(name) !== entry) continue;
      this.#rings.delete(name);
      entry.ring(now);
    }
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.#rings.values()) nextMs = Math.min(nextMs, atMs);
    if (nextMs < this.#nextMs) this.#arm(nextMs);
  }
}
