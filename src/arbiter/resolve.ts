import type { Setting } from "../base/clock.ts";
import type { Claim, ClockState, Floor } from "./claim.ts";
import { khzAt } from "./envelope.ts";
import { floorOf } from "./floors.ts";
import { settingOf, type Want } from "./want.ts";

/**
 * The reason for a setting: a claim, or an operator's order, a schedule or parking for the clock, or a floor of
 * one; undefined for the baseline without claims.
 */
export type Winner = Claim | Want | Floor | undefined;

/** The setting that a clock should have, and the reason. */
export interface Resolution {
  readonly setting: Setting;
  readonly winner: Winner;
}

const UNCLAIMED: Resolution = { setting: "baseline", winner: undefined };

/**
 * An operator's order comes first. Otherwise the highest claim wins. A claimant that is pinned to the clock's CPU and
 * never asked keeps the baseline, against all slower claims; a schedule for the clock takes the baseline's place, and
 * parking does where there is no claim. What is wanted by others than operators is not set below the floor of the clock.
 */
export function resolve(state: ClockState, also?: Claim): Resolution {
  const order = state.wants.of("operator");
  if (order !== undefined) return { setting: settingOf(order), winner: order };
  let highest: Claim | undefined = also;
  let index = also?.wants.current?.position.index ?? Number.POSITIVE_INFINITY;
  let silent: Claim | undefined;
  for (const claim of state.claims) {
    const want = claim.wants.current;
    if (want === undefined) {
      if (claim.pinned) silent ??= claim;
    } else if (want.position.index < index) {
      highest = claim;
      index = want.position.index;
    }
  }
  const floor = state.floors.size === 0 ? undefined : floorOf(state);
  const schedule = state.wants.of("schedule");
  if (schedule !== undefined) {
    const { position } = schedule;
    const isBelow = silent !== undefined && position.index < index;
    const isOnly = isBelow || index === Number.POSITIVE_INFINITY;
    const wanted = isOnly ? position.index : index;
    if (floor !== undefined && floor.index < wanted) return { setting: floor.index, winner: floor };
    return { setting: wanted, winner: isOnly ? schedule : highest };
  }
  if (index === Number.POSITIVE_INFINITY) return unclaimed(state.wants.of("parked"));
  const isLifted = floor !== undefined && floor.index < index;
  if (isLifted) index = floor.index;
  const { table, baselineKhz } = state.clock;
  if (silent !== undefined && index > 0 && khzAt(table, index) < baselineKhz)
    return { setting: "baseline", winner: silent };
  return { setting: index, winner: isLifted ? floor : highest };
}

function unclaimed(parked: Want | undefined): Resolution {
  if (parked === undefined) return UNCLAIMED;
  return { setting: parked.knobs === undefined ? settingOf(parked) : "baseline", winner: parked };
}
