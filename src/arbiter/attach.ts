import type { FrequencyTable } from "../base/clock.ts";
import type { Claim, Claimant, ClockState, DomainState } from "./claim.ts";
import type { Ends } from "./ends.ts";
import { type Envelope, envelope, khzAt } from "./envelope.ts";
import type { Placement } from "./placement.ts";
import { carry } from "./position.ts";
import { type Want, Wants } from "./want.ts";

/** Makes a claimant and its claims; what an older self of it wanted goes with it to its new clocks. */
export function attach(
  of: Pick<Claimant, "state" | "vcpu" | "physical">,
  placement: Placement,
  { pinned, old, ends }: { pinned: boolean; old: Claimant | undefined; ends: Ends },
): Claimant {
  const claims: Claim[] = [];
  const vm = of.state.domain.name;
  const claimant: Claimant = {
    ...of,
    holder: of.physical ? { kind: "pcpu", vm, pcpu: of.vcpu } : { kind: "vcpu", vm, vcpu: of.vcpu },
    problem: "problem" in placement ? placement.problem : undefined,
    claims,
    refused: old?.refused,
  };
  for (const clock of "clocks" in placement ? placement.clocks : []) {
    const bounds = envelope(clock.clock.table, of.state.contract);
    const claim: Claim = { claimant, clock, envelope: bounds, pinned, wants: new Wants() };
    inherit(claim, old, ends);
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

/** Wants the same speeds as on the same clock before, or as on any clock before; nothing for one that never asked. */
function inherit({ clock, envelope, wants }: Claim, old: Claimant | undefined, ends: Ends): void {
  const before = old?.claims.find((claim) => claim.clock.clock.id === clock.clock.id) ?? old?.claims[0];
  for (const want of before?.wants.all() ?? [])
    carryWant(want, { from: (before as Claim).clock.clock.table, envelope }, { wants, clock, ends });
}

/** Puts a want as it was on another clock, or in another envelope: the same speed, or the nearest there is. */
export function carryWant(
  want: Want,
  { from, envelope }: { readonly from: FrequencyTable; readonly envelope: Envelope },
  { wants, clock, ends }: { readonly wants: Wants; readonly clock: ClockState; readonly ends: Ends },
): void {
  const khz = khzAt(from, want.position.index);
  const position = carry(khz, want.position.turbo, clock.clock.table, envelope);
  const exact = clock.clock.anySpeed ? want.exact : undefined;
  const same = { ...want, position, exact, before: undefined };
  wants.put(same);
  ends.delete(want);
  ends.add(same, { wants, clock });
}
