import type { Clock, Write } from "../base/clock.ts";
import type { Domain, Pcpu } from "../base/domain.ts";
import type { Scale } from "../wire/packet.ts";
import { ask, type Decision, refuse, unask } from "./ask.ts";
import { attach, claimsOf, detach } from "./attach.ts";
import type { Claimant, ClockState, DomainState } from "./claim.ts";
import type { Contract } from "./contract.ts";
import { resume, type Want } from "./handover.ts";
import { type Order, type OrderOptions, operate } from "./operate.ts";
import { type MultiPin, notManaged, placeVcpu } from "./placement.ts";
import { kernelRefused, type Refusal } from "./refusal.ts";
import { NO_WRITES, settle } from "./settle.ts";

/**
 * Who gets which speed. Told of domains, clocks and requests, it answers with what should hold; it never acts itself.
 * Its writes are to be done in order, and one that the kernel did not accept is to be told with {@link rejected}.
 */
export class Arbiter {
  readonly #domains = new Map<string, DomainState>();
  /** Every managed pCPU to its clock. */
  #clocks = new Map<Pcpu, ClockState>();
  #pinning: MultiPin;

  constructor(pinning: MultiPin) {
    this.#pinning = pinning;
  }

  /** The domains that may claim, by name. */
  get domains(): ReadonlyMap<string, DomainState> {
    return this.#domains;
  }

  /** The clock of a managed CPU. */
  clockOf(pcpu: Pcpu): ClockState | undefined {
    return this.#clocks.get(pcpu);
  }

  /** Decides on one request of a domain's guest. */
  scale(name: string, request: Scale, nowMs: number): Decision {
    const claimant = this.#claimant(name, request);
    const decision = "reason" in claimant ? refuse(claimant) : ask(claimant, request.action, nowMs);
    if (decision.refusal !== undefined) this.#remember(name, request, { refusal: decision.refusal, nowMs });
    return decision;
  }

  /** The kernel refused a write of that request: takes the request back, also where its other clocks had followed. */
  undo(name: string, request: Scale, reason: string): Decision {
    const refusal = kernelRefused(reason);
    const claimant = this.#claimant(name, request);
    if ("reason" in claimant) return refuse(refusal);
    this.#remember(name, request, { refusal, nowMs: claimant.askedAtMs });
    return { writes: settle(unask(claimant, refusal)), refusal };
  }

  /** The kernel did not accept a write: what holds there is unknown until it accepts the next one. */
  rejected({ clock }: Write): void {
    const state = this.#clocks.get(clock);
    if (state !== undefined) state.setting = undefined;
  }

  /** Another program's setting is left on a clock, until somebody asks for a speed there. */
  yielded(pcpu: Pcpu): void {
    const state = this.#clocks.get(pcpu);
    if (state !== undefined) state.yielded = true;
  }

  /** What the kernel refused before and should hold still. */
  outstanding(): readonly Write[] {
    return settle(new Set([...this.#clocks.values()].filter((state) => state.setting === undefined)));
  }

  /** A domain exists, and this is all of it. Its claims follow it to other CPUs; those of a paused one end. */
  setDomain(domain: Domain, contract: Contract): readonly Write[] {
    return this.#settle(this.#place(domain, contract));
  }

  /** Takes a domain's claims to the clocks under its vCPUs; answers the clocks that it left or came to. */
  #place(domain: Domain, contract: Contract): Set<ClockState> {
    const old = this.#domains.get(domain.name);
    const touched = old === undefined ? new Set<ClockState>() : detach(old);
    const state: DomainState = { domain, contract, vcpus: [], physical: new Map() };
    this.#domains.set(domain.name, state);
    const running = domain.state === "running";
    domain.pins.forEach((pins, vcpu) => {
      const placement = placeVcpu({ domain: domain.name, vcpu, pins }, this.#clocks, this.#pinning);
      const options = { pinned: running && pins.length === 1, old: running ? old?.vcpus[vcpu] : undefined };
      state.vcpus.push(attach({ state, vcpu, physical: false }, placement, options));
    });
    if (running && contract.physicalCores)
      for (const [pcpu, claimant] of old?.physical ?? []) this.#physical(state, pcpu, claimant);
    for (const claim of claimsOf(state)) touched.add(claim.clock);
    return touched;
  }

  /** A domain exists no more, or is served no more. */
  removeDomain(name: string): readonly Write[] {
    const state = this.#domains.get(name);
    if (state === undefined) return NO_WRITES;
    this.#domains.delete(name);
    return settle(detach(state));
  }

  /** A domain's guest has left: what it asked for holds no more. */
  endClaims(name: string): readonly Write[] {
    const state = this.#domains.get(name);
    if (state === undefined) return NO_WRITES;
    const touched = new Set<ClockState>();
    for (const claim of claimsOf(state)) {
      claim.position = undefined;
      touched.add(claim.clock);
    }
    return settle(touched);
  }

  /**
   * A domain's guest wants what it wanted of an earlier arbiter, as far as it still may. Writes nothing: what holds on
   * those clocks is for who knows what was left there to say, with {@link rejected}.
   */
  takeOver(name: string, wants: readonly Want[]): void {
    for (const want of wants) {
      const claimant = this.#claimant(name, want);
      if (!("reason" in claimant)) resume(claimant, want);
    }
  }

  /** The host's clocks, all of them. Claims stay where their CPU stays; a clock that is new holds its baseline. */
  setClocks(clocks: readonly Clock[]): readonly Write[] {
    const before = this.#clocks;
    this.#clocks = new Map();
    for (const clock of clocks) {
      const old = before.get(clock.id);
      const state: ClockState =
        old?.clock === clock
          ? old
          : {
              clock,
              claims: new Set(),
              operator: old?.operator,
              setting: "baseline",
              yielded: false,
              last: old?.last,
            };
      this.#clocks.set(clock.id, state);
      for (const pcpu of clock.pcpus) this.#clocks.set(pcpu, state);
    }
    return [...this.configure(this.#pinning), ...settle(new Set(this.#clocks.values()))];
  }

  /** Places every domain again, because the clocks or the rules of placement changed. */
  configure(pinning: MultiPin): readonly Write[] {
    this.#pinning = pinning;
    const touched = new Set<ClockState>();
    // All are placed before any clock is settled: half-placed, a clock would be written for those who came first.
    for (const { domain, contract } of [...this.#domains.values()])
      for (const clock of this.#place(domain, contract)) touched.add(clock);
    return this.#settle(touched);
  }

  /** A clock that was replaced holds nothing any more; its successor is settled in its place. */
  #settle(clocks: Iterable<ClockState>): readonly Write[] {
    return settle([...clocks].filter((state) => this.#clocks.get(state.clock.id) === state));
  }

  /** An operator orders a CPU's clock by hand. */
  operate(pcpu: Pcpu, order: Order, options: OrderOptions): Decision {
    const state = this.#clocks.get(pcpu);
    return state === undefined ? refuse(notManaged(pcpu)) : operate(state, order, options);
  }

  #remember(name: string, request: Scale, { refusal, nowMs }: { refusal: Refusal; nowMs: number }): void {
    const claimant = request.physical ? undefined : this.#domains.get(name)?.vcpus[request.resource];
    if (claimant !== undefined) claimant.refused = { asked: request.action, atMs: nowMs, refusal };
  }

  #claimant(name: string, { resource, physical }: Pick<Scale, "resource" | "physical">): Claimant | Refusal {
    const state = this.#domains.get(name);
    if (state === undefined) return { code: "unknown-domain", reason: "the VM is not known" };
    if (state.domain.state === "paused") return { code: "not-running", reason: "the VM is paused" };
    const claimant = physical ? this.#physicalOf(state, resource) : state.vcpus[resource];
    if (claimant === undefined)
      return {
        code: "vcpu-out-of-range",
        reason: `it has no vCPU ${resource}, only ${state.vcpus.length} vCPUs`,
      };
    if ("reason" in claimant) return claimant;
    return claimant.problem ?? claimant;
  }

  #physicalOf(state: DomainState, pcpu: Pcpu): Claimant | Refusal {
    if (state.contract.physicalCores)
      return state.physical.get(pcpu) ?? this.#physical(state, pcpu, undefined);
    return {
      code: "physical-cpu",
      reason: "it may not name physical CPUs",
      remedy: `set PhysicalCores=yes in [vm ${state.domain.name}] if it is trusted with every CPU`,
    };
  }

  #physical(state: DomainState, pcpu: Pcpu, old: Claimant | undefined): Claimant | Refusal {
    const clock = this.#clocks.get(pcpu);
    if (clock === undefined) return notManaged(pcpu);
    const claimant = attach(
      { state, vcpu: pcpu, physical: true },
      { clocks: [clock] },
      { pinned: false, old },
    );
    state.physical.set(pcpu, claimant);
    return claimant;
  }
}
