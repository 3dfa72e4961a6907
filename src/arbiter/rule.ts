import type { FrequencyTable, Speed } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { Claim, ClockState } from "./claim.ts";
import { khzAt, speedOf } from "./envelope.ts";
import type { Position } from "./position.ts";
import { resolve } from "./resolve.ts";
import { isClaim } from "./settle.ts";
import type { Holder, OrderView, Rule } from "./view.ts";
import { settingOf, type Want } from "./want.ts";

/** The rule that decides a clock's speed now, from the view of one claim, or of nobody. */
export function ruleOf(state: ClockState, asker: Claim | undefined): Rule {
  if (asker?.claimant.state.contract.dryRun === true)
    return { kind: "dry-run", holder: asker.claimant.holder, khz: wouldHold(asker) };
  const { winner } = resolve(state);
  if (winner === undefined) return { kind: "nobody" };
  if (!isClaim(winner)) {
    if (winner.source === "floor")
      return { kind: "outbid", holder: winner.holder, khz: khzAt(state.clock.table, winner.index) };
    const { schedule, hold, source } = winner;
    if (source === "parked") return { kind: "parked" };
    return schedule === undefined
      ? { kind: "operator", hold: hold === true, who: whoOf(winner) }
      : { kind: "schedule", name: schedule.name };
  }
  const { holder } = winner.claimant;
  const want = winner.wants.current;
  if (want === undefined) return { kind: "silent", holder, self: winner === asker };
  const own = asker?.wants.current;
  // Of claims for the same speed none bounds another.
  if (own?.position.index === want.position.index) return bounded(own.position.bound);
  return { kind: "outbid", holder, khz: khzAt(state.clock.table, want.position.index) };
}

/** The speed that a claim in a dry run would get if it counted. */
export function wouldHold(claim: Claim): Khz | undefined {
  const { setting } = resolve(claim.clock, claim);
  return speedOf(claim.clock.clock.table, setting)?.khz;
}

/** Returns an operator's order as a view. */
export function orderView(table: FrequencyTable, want: Want): OrderView {
  const { hold, asked, atMs, untilMs, reason } = want;
  const { khz } = speedOf(table, settingOf(want)) as Speed;
  return { khz, hold: hold === true, who: whoOf(want), asked, atMs, untilMs, reason };
}

function bounded(bound: Position["bound"]): Rule {
  switch (bound) {
    case "top":
      return { kind: "bounded", by: "MaxKhz" };
    case "bottom":
      return { kind: "bounded", by: "MinKhz" };
    case undefined:
      return { kind: "as-asked" };
  }
}

/** Who gave an operator's order. */
function whoOf({ holder }: Want): string {
  return (holder as Extract<Holder, { kind: "operator" }>).who;
}
