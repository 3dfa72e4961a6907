import type { Now } from "../base/now.ts";
import type { ScaleAction } from "../wire/packet.ts";
import { Decided, refuse, type Step } from "./change.ts";
import type { Claim, Claimant } from "./claim.ts";
import { type Position, start, step } from "./position.ts";
import { type Resolution, resolve } from "./resolve.ts";
import { holderOf, NO_WRITES } from "./settle.ts";
import type { Change, ChangeWrite, Refusal } from "./view.ts";
import type { Want } from "./want.ts";

/**
 * Applies a scale action to every clock of a claimant; to none if its contract forbids it, or if turbo is not available
 * on one of them. Its wants end after `leaseSec` seconds, or after the lease of the contract.
 */
export function ask(claimant: Claimant, action: ScaleAction, now: Now, leaseSec?: number): Change {
  if (!claimant.state.contract.operations.includes(action))
    return refuse({ code: "operation-forbidden", action });
  if (action === "turbo") {
    const refusal = noTurbo(claimant);
    if (refusal !== undefined) return refuse(refusal);
  }
  const dry = claimant.state.contract.dryRun === true;
  const steps: Step[] = [];
  let writes: ChangeWrite[] | undefined;
  let limit: Change["limit"];
  for (const claim of claimant.claims) {
    const { clock, wants } = claim;
    // Turbo that is not available was refused above.
    const position = step(clock.clock.table, claim.envelope, stands(claim), action) as Position;
    const want = wantOf(claimant, action, { position, now, before: wants.of("request"), leaseSec });
    wants.put(want);
    steps.push({ clock, wants, put: want, ended: undefined });
    const order = clock.wants.of("operator");
    if (order !== undefined && order.hold !== true && !dry) {
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
    const resolution = resolve(clock);
    limit ??= limitOf(claim, resolution);
    const { setting, winner } = resolution;
    // A setting that is decided and not accepted may still be refused, so this request needs a write of its own.
    if (setting === clock.decided && setting === clock.accepted && !clock.yielded) continue;
    clock.decided = setting;
    clock.yielded = false;
    writes ??= [];
    writes.push({ clock: clock.clock.id, setting, holder: holderOf(winner) });
  }
  return new Decided(writes ?? NO_WRITES, steps, { claimant, dry, limit });
}

/** What keeps a clock from the speed of a claim's want. */
function limitOf({ clock, wants }: Claim, { setting }: Resolution): Change["limit"] {
  const position = wants.current?.position;
  if (position?.bound === undefined && setting === position?.index) return undefined;
  const kind = clock.wants.of("operator") === undefined ? "bounded" : "held";
  return { kind, clock: clock.clock.id };
}

/** The want of a request. A slower one than before waits until the claimant has dwelt long enough; a faster one never. */
function wantOf(
  { holder, state: { contract } }: Claimant,
  asked: ScaleAction,
  {
    position,
    now,
    before,
    leaseSec = contract.leaseSec,
  }: {
    readonly position: Position;
    readonly now: Now;
    readonly before: Want | undefined;
    readonly leaseSec: number | undefined;
  },
): Want {
  const dueMs = (before?.sinceMs ?? Number.NEGATIVE_INFINITY) + contract.minDwellMs;
  const isSlower = before !== undefined && position.index > before.position.index;
  const waits = isSlower && now.monoMs < dueMs;
  const stays = waits || position.index === before?.position.index;
  return {
    source: "request",
    holder,
    asked,
    atMs: now.wallMs,
    untilMs: leaseSec === 0 ? undefined : now.monoMs + leaseSec * 1000,
    exact: undefined,
    position: waits ? before.position : position,
    // A lease of its own does not follow the contract's.
    askedMs: leaseSec === contract.leaseSec ? now.monoMs : undefined,
    sinceMs: stays && before?.sinceMs !== undefined ? before.sinceMs : now.monoMs,
    due: waits ? { position, atMs: dueMs } : undefined,
    before: undefined,
  };
}

/**
 * The position that a step starts from: that of an operator's order without hold, else that of the claimant's request
 * that waits for its dwell, else that of its want in force, else the first.
 */
function stands({ clock, wants, envelope }: Claim): Position {
  const order = clock.wants.of("operator");
  if (order?.hold === false) return order.position;
  const own = wants.of("request");
  return own?.due?.position ?? wants.current?.position ?? start(clock.clock.table, envelope);
}

function noTurbo({ claims, state }: Claimant): Refusal | undefined {
  if (!state.contract.turbo) return { code: "turbo-forbidden" };
  const without = claims.find((claim) => claim.clock.clock.table.turbo === undefined);
  return without === undefined ? undefined : { code: "no-turbo", pcpu: without.clock.clock.id };
}
