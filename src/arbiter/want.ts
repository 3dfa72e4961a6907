import type { ExactSpeed, Setting } from "../base/clock.ts";
import type { Position } from "./position.ts";
import type { Holder } from "./view.ts";

/**
 * Where a want can come from, highest precedence first. Of the wants for one vCPU the first counts; an operator's order
 * for a clock counts before all that vCPUs want there.
 */
export const PRECEDENCE = ["operator", "request", "lease", "guest-policy", "schedule"] as const;

/** One of {@link PRECEDENCE}. */
export type Source = (typeof PRECEDENCE)[number];

const RANK = Object.fromEntries(PRECEDENCE.map((source, rank) => [source, rank])) as Record<Source, number>;

/** What one source wants of one clock. */
export interface Want {
  readonly source: Source;
  readonly holder: Holder;
  /** What was asked, as the asker said it. */
  readonly asked: string;
  /** On the wall clock. */
  readonly atMs: number;
  /** When it ends by itself, on the monotonic clock. */
  readonly untilMs: number | undefined;
  /** An operator's: whether it outlasts the next request of a guest. */
  readonly hold: boolean;
  readonly position: Position;
  /** The speed itself, where it lies between the entry of {@link position} and the next, and the clock takes any. */
  readonly exact: ExactSpeed | undefined;
  /** What it replaced, for as long as the kernel may still refuse it. */
  before: Want | undefined;
}

/** The wants of one vCPU on one clock, or those for the clock itself: one per source. */
export class Wants {
  readonly #bySource: (Want | undefined)[] = [];
  #current: Want | undefined;

  /** The one that counts. */
  get current(): Want | undefined {
    return this.#current;
  }

  of(source: Source): Want | undefined {
    return this.#bySource[RANK[source]];
  }

  /** Every want that is in force. */
  all(): Want[] {
    return this.#bySource.filter((want) => want !== undefined);
  }

  /** Replaces what the want's source wanted until now. */
  put(want: Want): void {
    const rank = RANK[want.source];
    want.before = this.#bySource[rank];
    this.#bySource[rank] = want;
    this.#choose();
  }

  /** A source wants nothing any more; answers what it wanted. */
  remove(source: Source): Want | undefined {
    const want = this.#bySource[RANK[source]];
    if (want === undefined) return undefined;
    this.#bySource[RANK[source]] = undefined;
    this.#choose();
    return want;
  }

  /** Takes one want out, wherever it is: what it replaced counts again, unless something newer does. */
  takeBack(want: Want): void {
    const rank = RANK[want.source];
    let newer = this.#bySource[rank];
    if (newer === want) this.#bySource[rank] = want.before;
    while (newer !== undefined && newer.before !== want) newer = newer.before;
    if (newer !== undefined) newer.before = want.before;
    this.#choose();
  }

  /** Whether a want is in force, or would be again if what replaced it were refused. */
  includes(want: Want): boolean {
    let each = this.#bySource[RANK[want.source]];
    while (each !== undefined && each !== want) each = each.before;
    return each !== undefined;
  }

  #choose(): void {
    this.#current = undefined;
    for (const want of this.#bySource) {
      if (want === undefined) continue;
      this.#current = want;
      return;
    }
  }
}

/** What holds a want. */
export function settingOf({ exact, position }: Want): Setting {
  return exact ?? position.index;
}
