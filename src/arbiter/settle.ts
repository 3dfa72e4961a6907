import type { Claim, ClockState } from "./claim.ts";
import { resolve, type Winner } from "./resolve.ts";
import type { ChangeWrite, Holder } from "./view.ts";

/** No writes: the result of most decisions. */
export const NO_WRITES: readonly ChangeWrite[] = [];

/** Returns writes for the clocks whose setting differs from the one decided last. */
export function settle(clocks: Iterable<ClockState>): readonly ChangeWrite[] {
  let writes: ChangeWrite[] | undefined;
  for (const state of clocks) {
    const { setting, winner } = resolve(state);
    if (setting === state.decided) continue;
    state.decided = setting;
    state.yielded = false;
    writes ??= [];
    writes.push({ clock: state.clock.id, setting, holder: holderOf(winner) });
  }
  return writes ?? NO_WRITES;
}

/** The holder for whom a setting is written. */
export function holderOf(winner: Winner): Holder | undefined {
  if (winner === undefined) return undefined;
  return isClaim(winner) ? winner.claimant.holder : winner.holder;
}

/** Whether a clock is won by a claim, not by an operator's order. */
export function isClaim(winner: NonNullable<Winner>): winner is Claim {
  return "claimant" in winner;
}
