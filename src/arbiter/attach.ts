import type { FrequencyTable } from "../base/clock.ts";
import type { Claim, Claimant, ClockState, DomainState } from "./claim.ts";
import type { Ends } from "./ends.ts";
import { type Envelope, envelope, khzAt } from "./envelope.ts";
import { takeFloors } from "./floors.ts";
import type { Placement } from "./placement.ts";
import { carry, type Position } from "./position.ts";
import { type Want, Wants } from "./want.ts";

/** Makes a claimant and its claims. The wants of the claimant that it replaces move to its new clocks. */
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
    problem: placement.problem,
    claims,
    refused: old?.refused,
  };
  for (const clock of placement.clocks) {
    // A paused guest asks for nothing: what it wanted holds again when it runs.
    const rest = of.state.domain.state === "paused";
    const bounds = envelope(clock.clock.table, of.state.contract);
    const claim: Claim = { claimant, clock, envelope: bounds, pinned, wants: new Wants({ rest }) };
    inherit(claim, old, ends);
    // A claim in a dry run refers to its clock, but the clock does not count it.
    if (of.state.contract.dryRun !== true) clock.claims.add(claim);
    claims.push(claim);
  }
  return claimant;
}

/** Removes a domain's claims and floors from their clocks. Returns these clocks. */
export function detach(state: DomainState): Set<ClockState> {
  const left = takeFloors(state);
  for (const claim of claimsOf(state)) {
    claim.clock.claims.delete(claim);
    left.add(claim.clock);
  }
  return left;
}

/** All claims of a domain. */
export function* claimsOf(state: DomainState): Iterable<Claim> {
  for (const claimant of state.vcpus) yield* claimant.claims;
  for (const claimant of state.physical.values()) yield* claimant.claims;
}

/** Copies the wants that the claimant had on the same clock, or else on its first clock. */
function inherit({ claimant, clock, envelope, wants }: Claim, old: Claimant | undefined, ends: Ends): void {
  const before = old?.claims.find((claim) => claim.clock.clock.id === clock.clock.id) ?? old?.claims[0];
  const { leaseSec } = claimant.state.contract;
  for (const want of before?.wants.all() ?? []) {
    const { askedMs } = want;
    // The contract may be another one now, with another lease.
    const untilMs =
      askedMs === undefined ? want.untilMs : leaseSec === 0 ? undefined : askedMs + leaseSec * 1000;
    const from = (before as Claim).clock.clock.table;
    carryWant(want, { from, envelope, untilMs }, { wants, clock, ends });
  }
}

/** Copies a want to another clock or envelope, with the speed that it wishes or the nearest one available. */
export function carryWant(
  want: Want,
  {
    from,
    envelope,
    untilMs,
  }: { readonly from: FrequencyTable; readonly envelope: Envelope; readonly untilMs: number | undefined },
  { wants, clock, ends }: { readonly wants: Wants; readonly clock: ClockState; readonly ends: Ends },
): void {
  const carried = ({ wishIndex, wishTurbo }: Position) =>
    carry(khzAt(from, wishIndex), wishTurbo, clock.clock.table, envelope);
  const due = want.due && { atMs: want.due.atMs, position: carried(want.due.position) };
  const exact = clock.clock.anySpeed ? want.exact : undefined;
  const same = { ...want, position: carried(want.position), untilMs, due, exact, before: undefined };
  wants.put(same);
  ends.delete(want);
  ends.add(same, { wants, clock });
}
