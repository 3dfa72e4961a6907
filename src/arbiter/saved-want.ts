import type { Now } from "../base/now.ts";
import type { Claim, Claimant, DomainState } from "./claim.ts";
import type { Ends } from "./ends.ts";
import { khzAt } from "./envelope.ts";
import { carry } from "./position.ts";
import type { SavedWant } from "./view.ts";
import type { Want } from "./want.ts";

/** Returns the current wants of the guests of these domains, to be saved. */
export function savedWants(domains: Iterable<DomainState>): SavedWant[] {
  return [...domains].flatMap(({ vcpus, physical }) => [...vcpus, ...physical.values()].flatMap(savedWant));
}

/** Restores a saved want of a claimant, within its current contract. Its lease begins anew. */
export function resume(
  claimant: Claimant,
  { asked = "", askedAtMs, speeds }: SavedWant,
  { now, ends }: { readonly now: Now; readonly ends: Ends },
): void {
  const { leaseSec } = claimant.state.contract;
  for (const claim of claimant.claims) {
    const { clock, envelope, wants } = claim;
    const before = speeds.find((speed) => speed.clock === clock.clock.id) ?? speeds[0];
    if (before === undefined) continue;
    const position = carry(before.khz, before.turbo, clock.clock.table, envelope);
    const { holder } = claimant;
    const common = { asked, atMs: askedAtMs };
    const want: Want = {
      ...common,
      source: "request",
      holder,
      untilMs: leaseSec === 0 ? undefined : now.monoMs + leaseSec * 1000,
      hold: false,
      exact: undefined,
      position,
      askedMs: now.monoMs,
      sinceMs: now.monoMs,
      before: undefined,
    };
    wants.put(want);
    ends.add(want, { wants, clock });
    if ((clock.last?.atMs ?? 0) > askedAtMs) continue;
    clock.last = { ...common, by: holder, asker: claim, refusal: undefined };
  }
}

function savedWant({ state, vcpu, physical, claims }: Claimant): SavedWant[] {
  const speeds = claims.flatMap(speedOf);
  if (speeds.length === 0) return [];
  const want = claims[0]?.wants.of("request");
  return [
    {
      vm: state.domain.name,
      resource: vcpu,
      physical,
      asked: want?.asked,
      askedAtMs: want?.atMs ?? 0,
      speeds,
    },
  ];
}

function speedOf({ clock: { clock }, wants }: Claim): SavedWant["speeds"] {
  const want = wants.of("request");
  if (want === undefined) return [];
  // The guest was answered that the slower speed will hold.
  const { wishIndex, wishTurbo } = want.due?.position ?? want.position;
  return [{ clock: clock.id, khz: khzAt(clock.table, wishIndex), turbo: wishTurbo }];
}
