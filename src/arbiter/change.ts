import type { Pcpu } from "../base/domain.ts";
import type { Claimant, ClockState, LastRequest } from "./claim.ts";
import type { Ends } from "./ends.ts";
import { NO_WRITES, settle } from "./settle.ts";
import type { Change, ChangeWrite, Refusal, RefusedWrite } from "./view.ts";
import type { Source, Want, Wants } from "./want.ts";

const NO_CLOCKS: readonly Pcpu[] = [];

/** One step of a request: a want that it put, or one that it ended. */
export interface Step {
  readonly clock: ClockState;
  readonly wants: Wants;
  readonly put: Want | undefined;
  readonly ended: Want | undefined;
}

/** Ends the want of a source, as a step; there is none if the source wants nothing. */
export function withdraw(clock: ClockState, wants: Wants, source: Source): readonly Step[] {
  const ended = wants.remove(source);
  return ended === undefined ? [] : [{ clock, wants, put: undefined, ended }];
}

/** A decided request, with everything that is needed to undo it. */
export class Decided implements Change {
  readonly refusal = undefined;
  readonly writes: readonly ChangeWrite[];
  readonly steps: readonly Step[];
  readonly claimant: Claimant | undefined;
  readonly dry: boolean;
  readonly limit: Change["limit"];
  /** Undoes what a rollback must undo besides the steps. */
  readonly undo: (() => void) | undefined;

  constructor(
    writes: readonly ChangeWrite[],
    steps: readonly Step[],
    {
      claimant,
      dry,
      undo,
      limit,
    }: { claimant: Claimant | undefined; dry: boolean; undo?: () => void; limit?: Change["limit"] },
  ) {
    this.writes = writes;
    this.steps = steps;
    this.claimant = claimant;
    this.dry = dry;
    this.undo = undo;
    this.limit = limit;
  }

  get endedOrders(): readonly Pcpu[] {
    return endedOrders(this.steps);
  }
}

/**
 * Makes one request of several of one claimant, in their order. Each clock is written once, as the last one decided.
 * Refused ones have no part in it.
 */
export function joined(changes: readonly Change[]): Change {
  const granted = changes.filter((change) => change instanceof Decided);
  const last = granted.at(-1);
  if (last === undefined) return follow(NO_WRITES);
  const writes = new Map<Pcpu, ChangeWrite>();
  for (const change of granted) for (const write of change.writes) writes.set(write.clock, write);
  const steps = granted.flatMap((change) => change.steps);
  const { claimant, dry } = last;
  return new Decided([...writes.values()], steps, { claimant, dry });
}

/** Returns a change that changes nothing, with the reason. */
export function refuse(refusal: Refusal): Change {
  return { writes: NO_WRITES, refusal, dry: false, endedOrders: NO_CLOCKS };
}

/** Returns a change that follows from an event, not from a request. It cannot be rolled back. */
export function follow(writes: readonly ChangeWrite[], ended: readonly Pcpu[] = NO_CLOCKS): Change {
  return { writes, refusal: undefined, dry: false, endedOrders: ended };
}

/** Notes which writes of a change the kernel accepted: all except those refused. */
export function accept(
  change: Change,
  refused: readonly ChangeWrite[],
  clocks: ReadonlyMap<Pcpu, ClockState>,
): void {
  for (const write of change.writes) {
    const state = clocks.get(write.clock);
    if (state === undefined) continue;
    // A newer decision was made during this write; its own result says what is set.
    if (state.decided !== write.setting && state.decided !== undefined) continue;
    state.accepted = refused.includes(write) ? undefined : write.setting;
    state.decided = state.accepted;
  }
}

/** Commits a request: forgets the wants that it replaced. */
export function keep({ steps }: Decided, ends: Ends): void {
  for (const { put, ended, wants, clock } of steps) {
    ends.delete(ended);
    if (put === undefined) continue;
    ends.delete(put.before);
    put.before = undefined;
    ends.add(put, { wants, clock });
  }
}

/**
 * Undoes a request after the kernel refused one of its writes, and tells its claimant. Returns a change that restores what
 * was written before.
 */
export function rollBack(
  change: Decided,
  { accepted, reason, now }: RefusedWrite,
  { clocks, ends }: { readonly clocks: ReadonlyMap<Pcpu, ClockState>; readonly ends: Ends },
): Change {
  const refusal: Refusal = { code: "kernel-refused", reason };
  const { claimant, steps } = change;
  const asked = steps.findLast(({ put }) => put !== undefined)?.put?.asked;
  if (claimant !== undefined && asked !== undefined) claimant.refused = { asked, atMs: now.wallMs, refusal };
  change.undo?.();
  return { ...follow(takeBack(change, { accepted, refusal }, { clocks, ends })), refusal };
}

function takeBack(
  change: Decided,
  { accepted, refusal }: { readonly accepted: number; readonly refusal: Refusal },
  { clocks: hostClocks, ends }: { readonly clocks: ReadonlyMap<Pcpu, ClockState>; readonly ends: Ends },
): readonly ChangeWrite[] {
  const clocks = new Set<ClockState>();
  for (let i = change.steps.length - 1; i >= 0; i--) {
    const { clock, wants, put, ended } = change.steps[i] as Step;
    if (put !== undefined) wants.takeBack(put);
    if (ended !== undefined && wants.of(ended.source) === undefined) {
      wants.put(ended);
      // Its end may have been forgotten while it was not in force.
      ends.add(ended, { wants, clock });
    }
    if (clock.last !== undefined) clock.last = { ...clock.last, refusal } satisfies LastRequest;
    // A clock that was replaced meanwhile is written for its own wants.
    if (hostClocks.get(clock.clock.id) === clock) clocks.add(clock);
  }
  for (const [index, { clock: id, setting }] of change.writes.entries()) {
    const clock = hostClocks.get(id);
    if (clock === undefined) continue;
    if (index < accepted) clock.accepted = setting;
    // The back end undoes the refused write itself. The clock is written again all the same, in case that failed.
    clock.decided = index === accepted ? undefined : clock.accepted;
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
