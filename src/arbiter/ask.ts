import type { Now } from "../base/now.ts";
import type { ScaleAction } from "../wire/packet.ts";
import { Decided, refuse, type Step } from "./change.ts";
import type { Claim, Claimant } from "./claim.ts";
import { type Position, start, step } from "./position.ts";
import { resolve } from "./resolve.ts";
import { holderOf, NO_WRITES } from "./settle.ts";
import type { Change, ChangeWrite, Refusal } from "./view.ts";
import type { Want } from "./want.ts";

/** Applies a scale action to every clock of a claimant; to none if turbo is not available on one of them. */
export function ask(claimant: Claimant, action: ScaleAction, now: Now): Change {
  if (action === "turbo") {
    const refusal = noTurbo(claimant);
    if (refusal !== undefined) return refuse(refusal);
  }
  const dry = claimant.state.contract.dryRun === true;
  const steps: Step[] = [];
  let writes: ChangeWrite[] | undefined;
  for (const claim of claimant.claims) {
    const { clock, wants } = claim;
    const position = step(clock.clock.table, claim.envelope, stands(claim), action);
    // Undefined means that turbo is not available, which was refused above.
    if (position === undefined) continue;
    const want = wantOf(claimant, action, { position, now });
    wants.put(want);
    steps.push({ clock, wants, put: want, ended: undefined });
    const order = clock.wants.of("operator");
    if (order?.hold === false && !dry) {
      clock.wants.remove("operator");
      steps.push({ clock, wants: clock.wants, put: undefined, ended: order });
    }
    clock.last = {
      atMs: now.wallMs,
      by: claimant.holder,
      asked: action,
      asker: claim,
      refusal: undefined,
    };
    if (dry) continue;
    const { setting, winner } = resolve(clock);
    if (setting === clock.decided && !clock.yielded) continue;
    clock.decided = setting;
    clock.yielded = false;
    writes ??= [];
    writes.push({ clock: clock.clock.id, setting, holder: holderOf(winner) });
  }
  return new Decided(writes ?? NO_WRITES, steps, { claimant, dry });
}

function wantOf(
  { holder }: Claimant,
  asked: ScaleAction,
  { position, now }: { readonly position: Position; readonly now: Now },
): Want {
  return {
    source: "request",
    holder,
    asked,
    atMs: now.wallMs,
    untilMs: undefined,
    hold: false,
    exact: undefined,
    position,
    before: undefined,
  };
}

/**
 * The position that a step starts from: that of an operator's order without hold, else that of the claimant's want in
 * force, else the first.
 */
function stands({ clock, wants, envelope }: Claim): Position {
  const order = clock.wants.of("operator");
  if (order?.hold === false) return order.position;
  return wants.current?.position ?? start(clock.clock.table, envelope);
}

function noTurbo({ claims, state }: Claimant): Refusal | undefined {
  if (!state.contract.turbo) return { code: "turbo-forbidden" };
  const without = claims.find((claim) => claim.clock.clock.table.turbo === undefined);
  return without === undefined ? undefined : { code: "no-turbo", pcpu: without.clock.clock.id };
}
