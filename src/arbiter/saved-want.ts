import type { Now } from "../base/now.ts";
import type { SpeedWish } from "../base/saved-speed.ts";
import type { Claim, Claimant, DomainState } from "./claim.ts";
import type { Ends } from "./ends.ts";
import { khzAt } from "./envelope.ts";
import { carry, type Position } from "./position.ts";
import type { SavedWant } from "./view.ts";
import type { Want } from "./want.ts";

/** Returns the current wants of the guests of these domains, to be saved. */
export function savedWants(domains: Iterable<DomainState>): SavedWant[] {
  return [...domains].flatMap(({ vcpus, physical }) => [...vcpus, ...physical.values()].flatMap(savedWant));
}

/** Restores a saved want of a claimant, within its current contract. Its lease and its dwell begin anew. */
export function resume(
  claimant: Claimant,
  { asked = "", askedAtMs, speeds }: SavedWant,
  { now, ends }: { readonly now: Now; readonly ends: Ends },
): void {
  const { leaseSec, minDwellMs } = claimant.state.contract;
  for (const claim of claimant.claims) {
    const { clock, envelope, wants } = claim;
    const before = speeds.find((speed) => speed.clock === clock.clock.id) ?? speeds[0];
    if (before === undefined) continue;
    const carried = ({ khz, turbo }: SpeedWish) => carry(khz, turbo, clock.clock.table, envelope);
    const waits = minDwellMs === 0 ? undefined : before.due;
    const { holder } = claimant;
    const common = { asked, atMs: askedAtMs };
    const want: Want = {
      ...common,
      source: "request",
      holder,
      untilMs: leaseSec === 0 ? undefined : now.monoMs + leaseSec * 1000,
      exact: undefined,
      position: carried(waits === undefined ? (before.due ?? before) : before),
      due: waits && { position: carried(waits), atMs: now.monoMs + minDwellMs },
      askedMs: now.monoMs,
      sinceMs: now.monoMs,
      before: undefined,
    };
    wants.put(want);
    ends.add(want, { wants, clock });
    if (clock.last === undefined || clock.last.atMs <= askedAtMs)
      clock.last = { ...common, by: holder, asker: claim, refusal: undefined };
  }
}

function savedWant({ state, vcpu, physical, claims }: Claimant): SavedWant[] {
  const speeds = claims.flatMap(speedOf);
  const [want] = claims.flatMap(({ wants }) => wants.of("request") ?? []);
  if (want === undefined) return [];
  const { asked, atMs: askedAtMs } = want;
  return [{ vm: state.domain.name, resource: vcpu, physical, asked, askedAtMs, speeds }];
}

function speedOf({ clock: { clock }, wants }: Claim): SavedWant["speeds"] {
  const want = wants.of("request");
  if (want === undefined) return [];
  const saved = ({ wishIndex, wishTurbo }: Position) => ({
    khz: khzAt(clock.table, wishIndex),
    turbo: wishTurbo,
  });
  // The guest was answered that a slower speed will hold, and until then no clock moves.
  const due = want.due && { due: saved(want.due.position) };
  return [{ clock: clock.id, ...saved(want.position), ...due }];
}
