import type { Clock } from "../base/clock.ts";
import type { Domain, Pcpu } from "../base/domain.ts";
import type { Now } from "../base/now.ts";
import type { Origin } from "../base/origin.ts";
import type { Scale } from "../wire/packet.ts";
import { attach, carryWant, claimsOf, detach } from "./attach.ts";
import type { Claimant, ClockState, DomainState } from "./claim.ts";
import type { Ends } from "./ends.ts";
import { wholeTable } from "./envelope.ts";
import { putFloors } from "./floors.ts";
import { clockUnder, type MultiPin, noClock, placeVcpu } from "./placement.ts";
import type { Contract, Refusal } from "./view.ts";
import { Wants } from "./want.ts";

/** The domains, and the clocks that their vCPUs run on. */
export class Seats {
  readonly domains = new Map<string, DomainState>();
  /** The clock of each managed pCPU. */
  clocks = new Map<Pcpu, ClockState>();
  /** CPUs that are kept for others. */
  reserved: ReadonlySet<Pcpu> = new Set();
  pinning: MultiPin;
  readonly #ends: Ends;

  constructor(pinning: MultiPin, ends: Ends) {
    this.pinning = pinning;
    this.#ends = ends;
  }

  /**
   * Adds or replaces a domain and its claims, which rest while it is paused. What the guest of another run wanted ends. Returns the
   * clocks that it left and those that it joined.
   */
  place(domain: Domain, contract: Contract): Set<ClockState> {
    const old = this.domains.get(domain.name);
    const touched = old === undefined ? new Set<ClockState>() : detach(old);
    const heir = old === undefined || isOtherGuest(old.domain, domain) ? undefined : old;
    const state: DomainState = { domain, contract, vcpus: [], physical: new Map(), floors: [] };
    this.domains.set(domain.name, state);
    const running = domain.state === "running";
    domain.pins.forEach((pins, vcpu) => {
      const placement = placeVcpu({ vcpu, pins }, this, this.pinning);
      const options = {
        pinned: running && pins.length === 1,
        old: heir?.vcpus[vcpu],
        ends: this.#ends,
      };
      state.vcpus.push(attach({ state, vcpu, physical: false }, placement, options));
    });
    if (contract.physicalCores)
      for (const [pcpu, claimant] of heir?.physical ?? []) this.#physical(state, pcpu, claimant);
    putFloors(state, this.clocks);
    for (const { clock } of [...claimsOf(state), ...state.floors]) touched.add(clock);
    return touched;
  }

  /** Places every domain again. All are placed before any clock is settled, so that no clock is written twice. */
  placeAll(): Set<ClockState> {
    const touched = new Set<ClockState>();
    for (const { domain, contract } of [...this.domains.values()])
      for (const clock of this.place(domain, contract)) touched.add(clock);
    return touched;
  }

  /** Replaces the host's clocks. The same object keeps its state; a new one starts with the baseline. */
  setClocks(clocks: readonly Clock[]): void {
    const before = this.clocks;
    this.clocks = new Map();
    for (const clock of clocks) {
      const old = before.get(clock.id);
      const state = old?.clock === clock ? old : newClock(clock, old, this.#ends);
      this.clocks.set(clock.id, state);
      for (const pcpu of clock.pcpus) this.clocks.set(pcpu, state);
    }
  }

  /** Returns the claimant that a request is for, or why the request is refused. */
  claimant(name: string, request: Pick<Scale, "resource" | "physical">): Claimant | Refusal {
    const state = this.domains.get(name);
    return state?.domain.state === "paused" ? { code: "not-running" } : this.#seatIn(state, request);
  }

  /** Whether a clock under a vCPU has a decision that was neither committed nor rolled back yet. */
  awaitsWrite(name: string, request: Scale): boolean {
    const claimant = this.claimant(name, request);
    if ("code" in claimant) return false;
    for (const { clock } of claimant.claims) if (clock.decided !== clock.accepted) return true;
    return false;
  }

  /** Marks all clocks as unknown. */
  distrust(): void {
    for (const state of this.clocks.values()) {
      state.accepted = undefined;
      state.decided = undefined;
    }
  }

  /** Returns the claimant of a vCPU or pCPU, whether its domain runs or is paused, or why there is none. */
  seat(name: string, request: Pick<Scale, "resource" | "physical">): Claimant | Refusal {
    return this.#seatIn(this.domains.get(name), request);
  }

  #seatIn(
    state: DomainState | undefined,
    { resource, physical }: Pick<Scale, "resource" | "physical">,
  ): Claimant | Refusal {
    if (state === undefined) return { code: "unknown-domain" };
    if (physical) return this.#physicalOf(state, resource);
    const claimant = state.vcpus[resource];
    if (claimant === undefined)
      return { code: "vcpu-out-of-range", vcpu: resource, vcpus: state.vcpus.length };
    return claimant.problem ?? claimant;
  }

  /** Records the last request of a vCPU that was refused. */
  remember(name: string, request: Scale, refusal: Refusal, now: Now): void {
    const claimant = request.physical ? undefined : this.domains.get(name)?.vcpus[request.resource];
    if (claimant !== undefined) claimant.refused = { asked: request.action, atMs: now.wallMs, refusal };
  }

  #physicalOf(state: DomainState, pcpu: Pcpu): Claimant | Refusal {
    if (!state.contract.physicalCores) return { code: "physical-cpu" };
    return state.physical.get(pcpu) ?? this.#physical(state, pcpu, undefined);
  }

  #physical(state: DomainState, pcpu: Pcpu, old: Claimant | undefined): Claimant | Refusal {
    const clock = clockUnder(pcpu, this.clocks);
    if (clock === undefined) return noClock(pcpu, this);
    const options = { pinned: false, old, ends: this.#ends };
    const claimant = attach({ state, vcpu: pcpu, physical: true }, { clocks: [clock] }, options);
    state.physical.set(pcpu, claimant);
    return claimant;
  }
}

/** How a domain comes to have another guest within one run of it: an older one, or one that has crashed. */
const OTHER_GUEST: ReadonlySet<Origin> = new Set([
  "snapshot",
  "paused-from-snapshot",
  "paused-by-guest-crash",
]);

/** Whether the guest of a domain is not the one that asked for what it wanted before. */
export function isOtherGuest(before: Domain, { run, origin }: Domain): boolean {
  return before.run !== run || (before.origin !== origin && OTHER_GUEST.has(origin));
}

/** Makes the state of a new clock. An operator's order and the last request of the clock that it replaces are kept. */
function newClock(clock: Clock, old: ClockState | undefined, ends: Ends): ClockState {
  const wants = new Wants();
  const state: ClockState = {
    clock,
    claims: new Set(),
    wants,
    floors: new Set(),
    accepted: "baseline",
    decided: "baseline",
    yielded: false,
    last: old?.last,
  };
  for (const want of old?.wants.all() ?? [])
    carryWant(
      want,
      {
        from: (old as ClockState).clock.table,
        envelope: wholeTable(clock.table),
        untilMs: want.untilMs,
      },
      { wants, clock: state, ends },
    );
  return state;
}
