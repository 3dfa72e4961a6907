import type { Khz, Vcpu } from "../base/domain.ts";
import type { Claim, ClockState, LastDecision } from "./claim.ts";
import { khzAt } from "./contract.ts";
import { resolve } from "./resolve.ts";

/** The last decision about a clock, in words. */
export interface Explanation {
  readonly atMs: number;
  readonly by: string;
  readonly vcpu: Vcpu | undefined;
  readonly asked: string;
  /** What held then; `khz` is absent for the baseline. */
  readonly khz: Khz | undefined;
  readonly accepted: boolean;
  /** Which rule led to it. */
  readonly rule: string;
}

/** Who meets on a clock, and wants what: no speed for one that never asked. */
export interface ClaimantView {
  readonly by: string;
  readonly vcpu: Vcpu | undefined;
  readonly khz: Khz | undefined;
}

/** Why a clock runs as it does; undefined when nothing was ever decided about it. */
export function explain(state: ClockState): Explanation | undefined {
  const { last } = state;
  if (last === undefined) return undefined;
  const { atMs, by, vcpu, asked, setting, refusal } = last;
  const khz = typeof setting === "number" ? khzAt(state.clock.table, setting) : undefined;
  return {
    atMs,
    by,
    vcpu,
    asked,
    khz,
    accepted: refusal === undefined,
    rule: refusal?.reason ?? rule(state, last),
  };
}

/** Which rule makes a clock run as it does now, as seen by one of those who meet on it. */
export function explainClaim(claim: Claim): string {
  const { winner } = resolve(claim.clock);
  if (winner === claim && claim.position === undefined) return "it never asked, so it keeps the baseline";
  return rule(claim.clock, { winner, asker: claim, bound: claim.position?.bound });
}

/** All who meet on a clock, the operator first. */
export function claimants({ clock, claims, operator }: ClockState): readonly ClaimantView[] {
  const views: ClaimantView[] = [];
  if (operator !== undefined)
    views.push({ by: "operator", vcpu: undefined, khz: khzAt(clock.table, operator.position.index) });
  for (const { claimant, position, pinned } of claims) {
    if (position === undefined && !pinned) continue;
    const khz = position === undefined ? undefined : khzAt(clock.table, position.index);
    views.push({ by: claimant.state.domain.name, vcpu: claimant.physical ? undefined : claimant.vcpu, khz });
  }
  return views;
}

/** What would hold on a claim's clock if the claim counted: the outcome of a dry run. */
export function wouldHold(claim: Claim): Khz | undefined {
  const { setting } = resolve({ ...claim.clock, claims: new Set([...claim.clock.claims, claim]) });
  return typeof setting === "number" ? khzAt(claim.clock.clock.table, setting) : undefined;
}

function rule(
  { clock, operator }: ClockState,
  { winner, asker, bound }: Pick<LastDecision, "winner" | "asker" | "bound">,
): string {
  if (asker?.claimant.state.contract.dryRun === true) {
    const khz = wouldHold(asker);
    return `dry run of ${named(asker)}: else ${khz === undefined ? "the baseline" : `${khz} kHz`} would hold`;
  }
  if (winner === "operator")
    return operator?.hold === true ? "held by the operator" : "set by the operator, until a guest asks";
  if (winner === undefined) return "nobody claims this CPU, so its own settings hold";
  if (winner === asker) {
    if (bound === "top") return "bounded by MaxKhz of its contract";
    if (bound === "bottom") return "bounded by MinKhz of its contract";
    return "as asked: the highest claim on this clock";
  }
  if (winner.position === undefined)
    return `${named(winner)} runs here and never asked, so it keeps the baseline`;
  return `${named(winner)} claims ${khzAt(clock.table, winner.position.index)} kHz on the same clock`;
}

function named({ claimant }: Claim): string {
  return `${claimant.state.domain.name}:${claimant.physical ? "CPU " : ""}${claimant.vcpu}`;
}
