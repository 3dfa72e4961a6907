import type { Clock } from "../base/clock.ts";
import type { Domain, Pcpu, Vcpu } from "../base/domain.ts";
import type { LocalHour } from "../base/local-hour.ts";
import type { Now } from "../base/now.ts";
import type { Result } from "../base/result.ts";
import type { Query, Scale } from "../wire/packet.ts";
import { type Answer, answer } from "./answer.ts";
import { ask } from "./ask.ts";
import { claimsOf, detach } from "./attach.ts";
import { accept, Decided, follow, joined, keep, refuse, rollBack } from "./change.ts";
import type { ClockState } from "./claim.ts";
import { Ends, earlier } from "./ends.ts";
import { GuestPolicies } from "./guest-policies.ts";
import { WantedKnobs } from "./knobs.ts";
import { lookAtClock, lookAtDomain, lookAtGrant, lookAtVcpu } from "./look.ts";
import { operate } from "./operate.ts";
import { Parking } from "./parking.ts";
import { clockUnder, type MultiPin, noClock } from "./placement.ts";
import { resume, savedWants } from "./saved-want.ts";
import type { ScheduleMoment } from "./schedule-view.ts";
import { Schedules } from "./schedules.ts";
import { isOtherGuest, Seats } from "./seats.ts";
import { NO_WRITES, settle } from "./settle.ts";
import type * as view from "./view.ts";

/**
 * Decides which speed each clock gets. It is told about domains, clocks and requests, and returns a change: what should
 * be set now. It never writes itself: the caller reports the result of each change with {@link commit} or {@link
 * rollback}.
 */
export class Arbiter {
  readonly #ends = new Ends();
  readonly #seats: Seats;
  /** The guest policies in force. */
  readonly policies: GuestPolicies;
  readonly #schedules: Schedules;
  /** The clocks on which no domain may run. */
  readonly parking: Parking;
  /** What contracts ask for beside speeds. */
  readonly knobs: WantedKnobs;

  constructor(pinning: MultiPin) {
    this.#seats = new Seats(pinning, this.#ends);
    this.policies = new GuestPolicies(this.#seats);
    this.#schedules = new Schedules(this.#seats);
    this.parking = new Parking(this.#seats);
    this.knobs = new WantedKnobs(this.#seats);
  }

  /** Decides a request of a domain's guest. It ends after `leaseSec` seconds, or after the lease of the contract. */
  scale(name: string, request: Scale, now: Now, leaseSec?: number): view.Change {
    const claimant = this.#seats.claimant(name, request);
    const change = "code" in claimant ? refuse(claimant) : ask(claimant, request.action, now, leaseSec);
    if (change.refusal !== undefined) this.#seats.remember(name, request, change.refusal, now);
    return change;
  }

  /** Whether a clock under a vCPU has a decision that was neither committed nor rolled back yet. */
  awaitsWrite(name: string, request: Scale): boolean {
    return this.#seats.awaitsWrite(name, request);
  }

  /** Decides an operator's order for the clock that a CPU runs on now. */
  operate(pcpu: Pcpu, order: view.Order, options: view.OrderOptions): view.Change {
    const state = clockUnder(pcpu, this.#seats.clocks);
    return state === undefined ? refuse(noClock(pcpu, this.#seats)) : operate(state, order, options);
  }

  /** Joins decisions about one vCPU, made one after the other and not written yet: they are committed or rolled back whole. */
  readonly join = joined;

  /** The kernel accepted all writes of a change except those named, which become {@link outstanding}. */
  commit(change: view.Change, refused: readonly view.ChangeWrite[] = NO_WRITES): void {
    accept(change, refused, this.#seats.clocks);
    if (change instanceof Decided) keep(change, this.#ends);
  }

  /**
   * The kernel refused a write of a request after it had accepted the first `accepted` writes. Undoes the whole request
   * and returns a change that restores the clocks.
   */
  rollback(change: view.Change, refused: view.RefusedWrite): view.Change {
    return change instanceof Decided
      ? rollBack(change, refused, { clocks: this.#seats.clocks, ends: this.#ends })
      : follow(NO_WRITES);
  }

  /** Ends wants whose time is over, applies slower speeds that are due, and does what policies, schedules and parking want. */
  tick(now: Now, local?: LocalHour, schedules?: ScheduleMoment): view.Change {
    const turn = local && this.policies.turn({ now, local });
    const ended = this.#ends.take(now.monoMs);
    const orders = ended.filter(({ want }) => want.source === "operator").map(({ clock }) => clock.clock.id);
    const scheduled = schedules === undefined ? [] : this.#schedules.turn(schedules);
    const parked = this.parking.turn(now);
    const change = this.#follow([...ended.map(({ clock }) => clock), ...scheduled, ...parked]);
    const writes = [...(turn?.writes ?? NO_WRITES), ...change.writes];
    return { ...change, writes, endedOrders: orders, turned: turn?.turned ?? [] };
  }

  /** When {@link tick} is needed next, on the monotonic clock; undefined if no want ends or changes by itself. */
  dueAt(): number | undefined {
    const others = earlier(this.policies.dueAt(), this.parking.dueAt());
    return earlier(others, earlier(this.#ends.dueAt(), this.#schedules.dueAt()));
  }

  /** Records that another program's setting stays on a clock until the next request there. */
  yielded(pcpu: Pcpu): void {
    const state = this.#seats.clocks.get(pcpu);
    if (state !== undefined) state.yielded = true;
  }

  /** Marks all clocks as unknown, so that they are {@link outstanding}. */
  distrust(): void {
    this.#seats.distrust();
  }

  /** Returns the writes for clocks that the kernel refused or whose state is unknown, if `isDue` allows a retry. */
  outstanding(isDue: (clock: Clock["id"]) => boolean = () => true): view.Change {
    const unknown = [...this.#seats.clocks.values()].filter(
      (state) => state.decided === undefined && isDue(state.clock.id),
    );
    return follow(settle(new Set(unknown)));
  }

  /** Adds or replaces a domain. Its wants move with its vCPUs; those of a paused domain rest until it runs again. */
  setDomain(domain: Domain, contract: view.Contract): view.Change {
    const before = this.#seats.domains.get(domain.name)?.domain;
    if (before !== undefined && isOtherGuest(before, domain)) this.policies.end(domain.name, () => true);
    const touched = this.#seats.place(domain, contract);
    this.#placed(domain.name);
    this.parking.occupy(domain.name, domain, touched);
    return this.#follow(touched);
  }

  /** Removes a domain that ended. One that is not served any more, or was not, still uses the CPUs that it may run on. */
  removeDomain(name: string, unserved?: Domain): view.Change {
    const state = this.#seats.domains.get(name);
    const touched = state === undefined ? new Set<ClockState>() : detach(state);
    this.policies.end(name, () => true);
    this.#seats.domains.delete(name);
    this.parking.occupy(name, unserved, touched);
    return this.parking.moved(touched);
  }

  /** Ends all that a domain's guest asked for, its policy included, because its channels are closed. */
  endRequests(name: string): view.Change {
    const touched = this.policies.end(name, ({ by }) => by === undefined);
    const state = this.#seats.domains.get(name);
    for (const { wants, clock } of state === undefined ? [] : claimsOf(state)) {
      wants.remove("request");
      touched.add(clock);
    }
    return follow(settle(touched));
  }

  /**
   * Restores the wants of a domain's guest that the previous daemon saved, within the current contract. It returns no
   * writes: the caller marks the clocks as unknown with {@link distrust}.
   */
  takeOver(name: string, wants: readonly view.SavedWant[], now: Now): void {
    for (const want of wants) {
      const claimant = this.#seats.seat(name, want);
      if (!("code" in claimant)) resume(claimant, want, { now, ends: this.#ends });
    }
  }

  /** The current wants of all guests, for {@link takeOver} of the next daemon's arbiter. */
  savedWants(): view.SavedWant[] {
    return savedWants(this.#seats.domains.values());
  }

  /**
   * Replaces the list of the host's clocks. Wants stay with their CPUs; a new clock starts with the baseline. Requests for
   * the reserved CPUs, which have no clock, are refused with that reason.
   */
  setClocks(clocks: readonly Clock[], reserved: Iterable<Pcpu> = []): view.Change {
    this.#seats.reserved = new Set(reserved);
    this.#seats.setClocks(clocks);
    const change = this.configure(this.#seats.pinning);
    return { ...change, writes: [...change.writes, ...settle(new Set(this.#seats.clocks.values()))] };
  }

  /** Places every domain again, because the clocks or the rules of placement changed. */
  configure(pinning: MultiPin): view.Change {
    this.#seats.pinning = pinning;
    const touched = this.#seats.placeAll();
    for (const name of this.#seats.domains.keys()) this.#placed(name);
    this.#schedules.clocksChanged(touched);
    this.parking.clocksChanged(touched);
    return this.#follow(touched);
  }

  /** The names of all domains that are served. */
  domainNames(): readonly string[] {
    return [...this.#seats.domains.keys()];
  }

  /** The current state of one domain. */
  domain(name: string): view.DomainView | undefined {
    const state = this.#seats.domains.get(name);
    return state && lookAtDomain(state);
  }

  /** The current state of one vCPU. */
  vcpu(name: string, vcpu: Vcpu): view.VcpuView | undefined {
    const claimant = this.#seats.domains.get(name)?.vcpus[vcpu];
    return claimant && lookAtVcpu(claimant);
  }

  /** The CPUs of the host that a domain named and wants a speed of. */
  named(name: string): view.VcpuView[] {
    const claimants = [...(this.#seats.domains.get(name)?.physical.values() ?? [])];
    return claimants.map(lookAtVcpu).filter(({ asked }) => asked !== undefined);
  }

  /** The clock of a managed CPU, and what the kernel accepted there last: without the cost of all that {@link clock} tells. */
  setting(pcpu: Pcpu): Readonly<Pick<ClockState, "clock" | "accepted">> | undefined {
    return this.#seats.clocks.get(pcpu);
  }

  /** The current state of a managed CPU's clock. */
  clock(pcpu: Pcpu): view.ClockView | undefined {
    const state = this.#seats.clocks.get(pcpu);
    return state && lookAtClock(state);
  }

  /** The result of a request that was granted. */
  grantOf(name: string, request: Scale): view.GrantView {
    const claimant = this.#seats.claimant(name, request);
    return "code" in claimant ? { khz: undefined, bound: undefined } : lookAtGrant(claimant);
  }

  /** Answers a guest's query, within its contract. */
  answer(name: string, query: Query): Result<Answer, view.Refusal> {
    return answer(this.#seats.domains.get(name), query);
  }

  #placed(name: string): void {
    this.policies.placed(name);
    this.#schedules.placed(name);
  }

  /** The change that follows for those clocks that still exist; a clock that was replaced is left out. */
  #follow(clocks: Iterable<ClockState>): view.Change {
    return this.parking.moved(
      [...clocks].filter((state) => this.#seats.clocks.get(state.clock.id) === state),
    );
  }
}
