import type { ClockState } from "./claim.ts";
import { changesAtMs, type Want, type Wants } from "./want.ts";

/** The place of a want that ends or changes by itself. */
interface Ending {
  readonly wants: Wants;
  readonly clock: ClockState;
}

/** The wants that end by themselves, or get slower. */
export class Ends {
  readonly #endings = new Map<Want, Ending>();
  /** Not later than the first of them. If it is earlier, as after a want was replaced, one call of {@link take} finds nothing. */
  #dueMs = Number.POSITIVE_INFINITY;

  add(want: Want, ending: Ending): void {
    const atMs = changesAtMs(want);
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#endings.set(want, ending);
    this.#dueMs = Math.min(this.#dueMs, atMs);
  }

  /** Forgets a want that was replaced or released. */
  delete(want: Want | undefined): void {
    this.#endings.delete(want as Want);
  }

  /** When the next want may end or change, on the monotonic clock; undefined if none will. */
  dueAt(): number | undefined {
    return this.#endings.size === 0 ? undefined : this.#dueMs;
  }

  /** Removes all wants whose time is over, and lets slower positions that are due hold. Returns them with their clocks. */
  take(monoMs: number): { readonly want: Want; readonly clock: ClockState }[] {
    if (monoMs < this.#dueMs) return [];
    this.#dueMs = Number.POSITIVE_INFINITY;
    const ended: { want: Want; clock: ClockState }[] = [];
    for (const [want, { wants, clock }] of this.#endings) {
      const atMs = changesAtMs(want);
      if (atMs > monoMs) {
        this.#dueMs = Math.min(this.#dueMs, atMs);
        continue;
      }
      this.#endings.delete(want);
      // What was replaced or removed meanwhile stays so.
      if (want.due === undefined) wants.takeBack(want);
      else {
        const { position, atMs: sinceMs } = want.due;
        const slower: Want = { ...want, position, sinceMs, due: undefined, before: undefined };
        wants.exchange(want, slower);
        // This loop comes to it as well: its lease may be over.
        this.add(slower, { wants, clock });
      }
      ended.push({ want, clock });
    }
    return ended;
  }
}

/** The first of two times; undefined is never. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
