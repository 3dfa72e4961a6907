import type { Pcpu } from "../base/domain.ts";
import type { Claimant, ClockState, LastRequest } from "./claim.ts";
import type { Ends } from "./ends.ts";
import { NO_WRITES, settle } from "./settle.ts";
import type { Change, ChangeWrite, Refusal } from "./view.ts";
import type { Want, Wants } from "./want.ts";

const NO_CLOCKS: readonly Pcpu[] = [];

/** One step of a request: a want that it put, or one that it ended. */
export interface Step {
  readonly clock: ClockState;
  readonly wants: Wants;
  readonly put: Want | undefined;
  readonly ended: Want | undefined;
}

/** A decided request, with everything that is needed to undo it. */
export class Decided implements Change {
  readonly refusal = undefined;
  readonly writes: readonly ChangeWrite[];
  readonly steps: readonly Step[];
  readonly claimant: Claimant | undefined;
  readonly dry: boolean;
  /** Undoes what a rollback must undo besides the steps. */
  readonly undo: (() => void) | undefined;

  constructor(
    writes: readonly ChangeWrite[],
    steps: readonly Step[],
    { claimant, dry, undo }: { claimant: Claimant | undefined; dry: boolean; undo?: () => void },
  ) {
    this.writes = writes;
    this.steps = steps;
    this.claimant = claimant;
    this.dry = dry;
    this.undo = undo;
  }

  get endedOrders(): readonly Pcpu[] {
    return endedOrders(this.steps);
  }
}

/** Returns a change that changes nothing, with the reason. */
export function refuse(refusal: Refusal): Change {
  return { writes: NO_WRITES, refusal, dry: false, endedOrders: NO_CLOCKS };
}

/** Returns a change that follows from an event, not from a request. It cannot be rolled back. */
export function follow(writes: readonly ChangeWrite[], ended: readonly Pcpu[] = NO_CLOCKS): Change {
  return { writes, refusal: undefined, dry: false, endedOrders: ended };
}

/** Commits a request: forgets the wants that it replaced. */
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
 * Undoes a request whose write at index `accepted` the kernel refused. Returns the writes that restore what was written
 * before it.
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
    // The back end undoes the refused write itself. The clock is written again all the same, in case that failed.
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
