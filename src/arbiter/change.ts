import type { Pcpu } from "../base/domain.ts";
import type { Claimant, ClockState, LastRequest } from "./claim.ts";
import type { Ends } from "./ends.ts";
import { NO_WRITES, settle } from "./settle.ts";
import type { Change, ChangeWrite, Refusal } from "./view.ts";
import type { Want, Wants } from "./want.ts";

const NO_CLOCKS: readonly Pcpu[] = [];

/** One thing that a request changed: a want that it put, or one that it ended. */
export interface Step {
  readonly clock: ClockState;
  readonly wants: Wants;
  readonly put: Want | undefined;
  readonly ended: Want | undefined;
}

/** A request that was decided, and all that is needed to take it back. */
export class Decided implements Change {
  readonly refusal = undefined;
  readonly writes: readonly ChangeWrite[];
  readonly steps: readonly Step[];
  readonly claimant: Claimant | undefined;
  readonly dry: boolean;

  constructor(
    writes: readonly ChangeWrite[],
    steps: readonly Step[],
    { claimant, dry }: { claimant: Claimant | undefined; dry: boolean },
  ) {
    this.writes = writes;
    this.steps = steps;
    this.claimant = claimant;
    this.dry = dry;
  }

  get endedOrders(): readonly Pcpu[] {
    return endedOrders(this.steps);
  }
}

/** Nothing changes. */
export function refuse(refusal: Refusal): Change {
  return { writes: NO_WRITES, refusal, dry: false, endedOrders: NO_CLOCKS };
}

/** Writes that follow from what is so, and not from a request: nothing is left to be taken back. */
export function follow(writes: readonly ChangeWrite[], ended: readonly Pcpu[] = NO_CLOCKS): Change {
  return { writes, refusal: undefined, dry: false, endedOrders: ended };
}

/** The kernel took what a request led to: what it replaced is forgotten. */
export function keep({ steps }: Decided, ends: Ends): void {
  for (const { put, ended, wants, clock } of steps) {
    if (ended !== undefined) ends.delete(ended);
    if (put === undefined) continue;
    if (put.before !== undefined) ends.delete(put.before);
    put.before = undefined;
    ends.add(put, { wants, clock });
  }
}

/**
 * The kernel refused the write at index `accepted`: nothing of the request is left, and what was written before it is
 * written back.
 */
export function takeBack(
  change: Decided,
  { accepted, refusal }: { readonly accepted: number; readonly refusal: Refusal },
  clockOf: (pcpu: Pcpu) => ClockState | undefined,
): readonly ChangeWrite[] {
  const clocks = new Set<ClockState>();
  for (let i = change.steps.length - 1; i >= 0; i--) {
    const { clock, wants, put, ended } = change.steps[i] as Step;
    if (put !== undefined) wants.takeBack(put);
    if (ended !== undefined && wants.of(ended.source) === undefined) wants.put(ended);
    if (clock.last !== undefined) clock.last = { ...clock.last, refusal } satisfies LastRequest;
    clocks.add(clock);
  }
  for (const [index, { clock: id, setting }] of change.writes.entries()) {
    const clock = clockOf(id);
    if (clock === undefined) continue;
    clocks.add(clock);
    if (index < accepted) clock.accepted = setting;
    // The back end undoes what was refused. The clock is written all the same, for the case that it could not.
    clock.decided = index < accepted ? setting : index === accepted ? undefined : clock.accepted;
  }
  return settle(clocks);
}

function endedOrders(steps: readonly Step[]): readonly Pcpu[] {
  let clocks: Pcpu[] | undefined;
  for (const { ended, clock } of steps) {
    if (ended?.source !== "operator") continue;
    clocks ??= [];
    clocks.push(clock.clock.id);
  }
  return clocks ?? NO_CLOCKS;
}
