import type { ClockState } from "./claim.ts";
import type { Want, Wants } from "./want.ts";

/** Where a want that ends by itself stands. */
interface Ending {
  readonly wants: Wants;
  readonly clock: ClockState;
}

/** The wants that end by themselves, and when the next one does. */
export class Ends {
  readonly #endings = new Map<Want, Ending>();
  /** Never later than the first end; too early costs one look. */
  #dueMs = Number.POSITIVE_INFINITY;

  add(want: Want, ending: Ending): void {
    if (want.untilMs === undefined) return;
    this.#endings.set(want, ending);
    this.#dueMs = Math.min(this.#dueMs, want.untilMs);
  }

  /** It was replaced or released: nothing is left to end. */
  delete(want: Want): void {
    this.#endings.delete(want);
  }

  /** When the next one may end, on the monotonic clock; undefined where none will. */
  dueAt(): number | undefined {
    return this.#endings.size === 0 ? undefined : this.#dueMs;
  }

  /** Takes out every want that has ended; answers their clocks. */
  take(monoMs: number): { readonly want: Want; readonly clock: ClockState }[] {
    if (monoMs < this.#dueMs) return [];
    this.#dueMs = Number.POSITIVE_INFINITY;
    const ended: { want: Want; clock: ClockState }[] = [];
    for (const [want, { wants, clock }] of this.#endings) {
      const untilMs = want.untilMs ?? 0;
      if (wants.includes(want) && untilMs > monoMs) {
        this.#dueMs = Math.min(this.#dueMs, untilMs);
        continue;
      }
      this.#endings.delete(want);
      if (!wants.includes(want)) continue;
      wants.takeBack(want);
      ended.push({ want, clock });
    }
    return ended;
  }
}
