import type { ClockState } from "./claim.ts";
import type { Want, Wants } from "./want.ts";

/** The place of a want that ends by itself. */
interface Ending {
  readonly wants: Wants;
  readonly clock: ClockState;
}

/** The wants that end by themselves. */
export class Ends {
  readonly #endings = new Map<Want, Ending>();
  /** Not later than the first end. If it is earlier, one call of {@link take} finds nothing. */
  #dueMs = Number.POSITIVE_INFINITY;

  add(want: Want, ending: Ending): void {
    if (want.untilMs === undefined) return;
    this.#endings.set(want, ending);
    this.#dueMs = Math.min(this.#dueMs, want.untilMs);
  }

  /** Forgets a want that was replaced or released. */
  delete(want: Want): void {
    this.#endings.delete(want);
  }

  /** When the next want may end, on the monotonic clock; undefined if none will. */
  dueAt(): number | undefined {
    return this.#endings.size === 0 ? undefined : this.#dueMs;
  }

  /** Removes all wants whose time is over. Returns them with their clocks. */
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
