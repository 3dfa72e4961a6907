import type { Setting } from "../base/clock.ts";
import type { Claim, ClockState } from "./claim.ts";
import { khzAt } from "./contract.ts";

/** What should hold on a clock, and for whose sake; undefined when nobody claims it. */
export interface Resolution {
  readonly setting: Setting;
  readonly winner: Claim | "operator" | undefined;
}

const UNCLAIMED: Resolution = { setting: "baseline", winner: undefined };

/**
 * The highest claim wins. Who is pinned there and never asked counts on the baseline, so it holds that against slower
 * claims. What an operator set is above all claims.
 */
export function resolve(state: ClockState): Resolution {
  if (state.operator !== undefined) return { setting: state.operator.position.index, winner: "operator" };
  let highest: Claim | undefined;
  let silent: Claim | undefined;
  for (const claim of state.claims) {
    if (claim.position === undefined) {
      if (claim.pinned) silent ??= claim;
    } else if (highest?.position === undefined || claim.position.index < highest.position.index) {
      highest = claim;
    }
  }
  if (highest?.position === undefined) return UNCLAIMED;
  const { index } = highest.position;
  const { table, baselineKhz } = state.clock;
  if (silent !== undefined && index > 0 && khzAt(table, index) < baselineKhz)
    return { setting: "baseline", winner: silent };
  return { setting: index, winner: highest };
}
