import type { ExactSpeed, Setting } from "../base/clock.ts";
import type { Knobs } from "../base/knobs.ts";
import type { Position } from "./position.ts";
import type { ScheduleInForce } from "./schedule-view.ts";
import type { Holder } from "./view.ts";

/**
 * The sources of wants, in order of precedence. Of the wants of one vCPU the first in this order counts. An operator's
 * order for a clock comes before all wants of vCPUs there; a schedule for a clock takes the place of its baseline, and parking
 * does where nobody wants anything.
 */
export const PRECEDENCE = ["operator", "request", "lease", "guest-policy", "schedule", "parked"] as const;

/** One of {@link PRECEDENCE}. */
export type Source = (typeof PRECEDENCE)[number];

const RANK = Object.fromEntries(PRECEDENCE.map((source, rank) => [source, rank])) as Record<Source, number>;

/** What one source wants of one clock. */
export interface Want {
  readonly source: Source;
  readonly holder: Holder;
  /** The request in the words of the asker. */
  readonly asked: string;
  /** When it was asked, on the wall clock. */
  readonly atMs: number;
  /** When it ends by itself, on the monotonic clock. */
  readonly untilMs: number | undefined;
  /** For an operator's order: whether it stays in force when a guest asks. */
  readonly hold?: boolean;
  /** For the want of a schedule: the schedule. */
  readonly schedule?: ScheduleInForce | undefined;
  /** For the want of parking: what it sets instead of a speed. */
  readonly knobs?: Knobs | undefined;
  /** Why an operator ordered it. */
  readonly reason?: string | undefined;
  readonly position: Position;
  /** When it was asked or repeated, on the monotonic clock. Only requests with the contract's lease have it. */
  readonly askedMs?: number | undefined;
  /** Since when its source has wanted this position, on the monotonic clock. */
  readonly sinceMs?: number;
  /** A slower position that takes the place of this one later, because of the contract's shortest dwell. */
  readonly due?: Due | undefined;
  /** The exact speed, if it lies between two entries and the clock takes any speed. */
  readonly exact: ExactSpeed | undefined;
  /** The want that it replaced, kept until the kernel has accepted this one. */
  before: Want | undefined;
}

/** A position that is wanted from some time on, on the monotonic clock. */
interface Due {
  readonly position: Position;
  readonly atMs: number;
}

/** When something about a want changes by itself, on the monotonic clock: it ends, or a slower position is due. */
export function changesAtMs({ untilMs, due }: Want): number {
  return Math.min(untilMs ?? Number.POSITIVE_INFINITY, due?.atMs ?? Number.POSITIVE_INFINITY);
}

/** A place for each source. Nothing is written here. */
const NOTHING: (Want | undefined)[] = PRECEDENCE.map(() => undefined);

/** The wants of one vCPU on one clock, or those for the clock itself: one per source. */
export class Wants {
  /** Whether they are kept and none of them counts, because the domain is paused. */
  readonly #rest: boolean;
  /** By rank. Most vCPUs want nothing, and share {@link NOTHING}. */
  #bySource: (Want | undefined)[] = NOTHING;
  #current: Want | undefined;

  constructor({ rest } = { rest: false }) {
    this.#rest = rest;
  }

  /** The want that counts. */
  get current(): Want | undefined {
    return this.#current;
  }

  of(source: Source): Want | undefined {
    return this.#bySource[RANK[source]];
  }

  /** Every want in force. */
  all(): Want[] {
    return this.#bySource.filter((want) => want !== undefined);
  }

  /** Puts a want in place of the one that its source had. */
  put(want: Want): void {
    const rank = RANK[want.source];
    want.before = this.#bySource[rank];
    if (this.#bySource === NOTHING) this.#bySource = [...NOTHING];
    this.#bySource[rank] = want;
    this.#choose();
  }

  /** Removes the want of a source and returns it. */
  remove(source: Source): Want | undefined {
    const want = this.#bySource[RANK[source]];
    if (want === undefined) return undefined;
    this.#bySource[RANK[source]] = undefined;
    this.#choose();
    return want;
  }

  /** Removes one want, even if it was replaced. The want that it replaced counts again, unless there is a newer one. */
  takeBack(want: Want): void {
    const rank = RANK[want.source];
    let newer = this.#bySource[rank];
    if (newer === want) this.#bySource[rank] = want.before;
    while (newer !== undefined && newer.before !== want) newer = newer.before;
    if (newer !== undefined) newer.before = want.before;
    this.#choose();
  }

  /** Puts another want in the place of one, even if that one was replaced. */
  exchange(want: Want, by: Want): void {
    by.before = want.before;
    const rank = RANK[want.source];
    let newer = this.#bySource[rank];
    if (newer === want) this.#bySource[rank] = by;
    while (newer !== undefined && newer.before !== want) newer = newer.before;
    if (newer !== undefined) newer.before = by;
    this.#choose();
  }

  #choose(): void {
    if (this.#rest) return;
    const wants = this.#bySource;
    let first = 0;
    while (first < wants.length && wants[first] === undefined) first++;
    this.#current = wants[first];
  }
}

/** The setting that a want asks for. */
export function settingOf({ exact, position }: Want): Setting {
  return exact ?? position.index;
}
