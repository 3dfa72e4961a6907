import type { Write } from "../base/clock.ts";
import type { ScaleAction } from "../wire/packet.ts";
import type { Claim, Claimant, ClockState } from "./claim.ts";
import { type Position, start, step } from "./position.ts";
import type { Refusal } from "./refusal.ts";
import { resolve } from "./resolve.ts";
import { NO_WRITES } from "./settle.ts";

/** What follows from a request: what should hold now, and whether it is granted. */
export interface Decision {
  readonly writes: readonly Write[];
  readonly refusal: Refusal | undefined;
  /** Granted, but it counts for nothing. */
  readonly dry?: boolean;
}

/** What comes of a request that was granted in a dry run. */
const DRY: Decision = { writes: NO_WRITES, refusal: undefined, dry: true };

/** A decision that changes nothing. */
export function refuse(refusal: Refusal): Decision {
  return { writes: NO_WRITES, refusal };
}

/** A claimant takes one step on each of its clocks, or none where turbo cannot be had on one of them. */
export function ask(claimant: Claimant, action: ScaleAction, nowMs: number): Decision {
  if (action === "turbo") {
    const refusal = noTurbo(claimant);
    if (refusal !== undefined) return refuse(refusal);
  }
  const dry = claimant.state.contract.dryRun === true;
  claimant.asked = action;
  claimant.askedAtMs = nowMs;
  let writes: Write[] | undefined;
  for (const claim of claimant.claims) {
    const { clock, envelope } = claim;
    const { table } = clock.clock;
    claim.previous = claim.position;
    claim.position = step(table, envelope, stands(claim), action);
    if (clock.operator?.hold === false && !dry) clock.operator = undefined;
    const { setting, winner } = resolve(clock);
    note(claim, setting, winner);
    if (dry || (setting === clock.setting && !clock.yielded)) continue;
    clock.setting = setting;
    clock.yielded = false;
    writes ??= [];
    writes.push({ clock: clock.clock.id, setting });
  }
  return dry ? DRY : { writes: writes ?? NO_WRITES, refusal: undefined };
}

/** The kernel refused what {@link ask} led to: as if it had not been asked. */
export function unask(claimant: Claimant, refusal: Refusal): readonly ClockState[] {
  for (const claim of claimant.claims) {
    claim.position = claim.previous;
    if (claim.clock.last !== undefined) claim.clock.last = { ...claim.clock.last, refusal };
  }
  return claimant.claims.map((claim) => claim.clock);
}

/** Where a claimant's step starts: where an operator put the clock by hand, where it was, or where all start. */
function stands({ clock, position, envelope }: Claim): Position {
  if (clock.operator?.hold === false) return clock.operator.position;
  return position ?? start(clock.clock.table, envelope);
}

function noTurbo({ claims, state }: Claimant): Refusal | undefined {
  if (!state.contract.turbo)
    return {
      code: "turbo-forbidden",
      reason: "its contract forbids turbo",
      remedy: `set Turbo=yes in [vm ${state.domain.name}]`,
    };
  const without = claims.find((claim) => claim.clock.clock.table.turbo === undefined);
  if (without === undefined) return undefined;
  return {
    code: "no-turbo",
    reason: `CPU ${without.clock.clock.id} has no turbo, or it is switched off on the host`,
  };
}

function note(asker: Claim, setting: number | "baseline", winner: Claim | "operator" | undefined): void {
  const { claimant, clock } = asker;
  clock.last = {
    atMs: claimant.askedAtMs,
    by: claimant.state.domain.name,
    vcpu: claimant.physical ? undefined : claimant.vcpu,
    asked: claimant.asked ?? "",
    setting,
    refusal: undefined,
    bound: asker.position?.bound,
    winner,
    asker,
  };
}
