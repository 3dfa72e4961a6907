import type { Claim, Claimant, ClockState, DomainState } from "./claim.ts";
import { envelope, khzAt } from "./contract.ts";
import type { Placement } from "./placement.ts";
import { carry } from "./position.ts";

/** Makes a claimant and its claims; what an older self of it wanted goes with it to its new clocks. */
export function attach(
  of: Pick<Claimant, "state" | "vcpu" | "physical">,
  placement: Placement,
  { pinned, old }: { pinned: boolean; old: Claimant | undefined },
): Claimant {
  const claims: Claim[] = [];
  const claimant: Claimant = {
    ...of,
    problem: "problem" in placement ? placement.problem : undefined,
    claims,
    asked: old?.asked,
    askedAtMs: old?.askedAtMs ?? 0,
    refused: old?.refused,
  };
  for (const clock of "clocks" in placement ? placement.clocks : []) {
    const claim: Claim = {
      claimant,
      clock,
      envelope: envelope(clock.clock.table, of.state.contract),
      pinned,
      position: undefined,
      previous: undefined,
    };
    claim.position = inherited(claim, old);
    // A dry run's claims know their clock, and their clock does not know them.
    if (of.state.contract.dryRun !== true) clock.claims.add(claim);
    claims.push(claim);
  }
  return claimant;
}

/** Takes a domain's claims off its clocks; answers those clocks. */
export function detach(state: DomainState): Set<ClockState> {
  const left = new Set<ClockState>();
  for (const claim of claimsOf(state)) {
    claim.clock.claims.delete(claim);
    left.add(claim.clock);
  }
  return left;
}

/** Every claim of a domain. */
export function* claimsOf(state: DomainState): Iterable<Claim> {
  for (const claimant of state.vcpus) yield* claimant.claims;
  for (const claimant of state.physical.values()) yield* claimant.claims;
}

/** The same speed as on the same clock before, or as on any clock before; nothing for who never asked. */
function inherited({ clock, envelope }: Claim, old: Claimant | undefined) {
  const before = old?.claims.find((claim) => claim.clock.clock.id === clock.clock.id) ?? old?.claims[0];
  if (before?.position === undefined) return undefined;
  const khz = khzAt(before.clock.clock.table, before.position.index);
  return carry(khz, before.position.turbo, clock.clock.table, envelope);
}
