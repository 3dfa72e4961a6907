import type { Domain, Pcpu } from "../base/domain.ts";
import type { Now } from "../base/now.ts";
import { follow } from "./change.ts";
import type { ClockState } from "./claim.ts";
import { wholeTable } from "./envelope.ts";
import { Occupancy } from "./occupancy.ts";
import type { ParkingMove, ParkingRule } from "./parking-view.ts";
import { levelOf } from "./position.ts";
import type { Seats } from "./seats.ts";
import { settle } from "./settle.ts";
import type { Change } from "./view.ts";

/**
 * Parks the clocks on which no domain may run. A parked clock has a want of its own, the last in precedence: it takes the
 * place of the baseline.
 */
export class Parking {
  readonly #seats: Seats;
  readonly #occupancy = new Occupancy();
  #rule: ParkingRule | undefined;
  #knowsAll = false;
  /** The clocks that no domain uses, by id, since when on the monotonic clock; undefined until the next turn. */
  readonly #idle = new Map<Pcpu, number | undefined>();
  /** The clocks that are parked, by id, with the time on the wall clock. */
  readonly #parked = new Map<Pcpu, number>();
  /** When the first clock can be parked; before any time while a turn has to note since when one is idle. */
  #dueMs = Number.POSITIVE_INFINITY;
  /** The CPUs that were parked and brought back since the last {@link moved}. */
  #nowParked: Pcpu[] = [];
  #nowBack: Pcpu[] = [];

  constructor(seats: Seats) {
    this.#seats = seats;
  }

  /** Replaces the rule; without one nothing is parked. Clocks that are parked follow it. */
  configure(rule: ParkingRule | undefined): Change {
    const touched = new Set<ClockState>();
    if (JSON.stringify(rule) !== JSON.stringify(this.#rule)) {
      this.#rule = rule;
      this.#dueMs = Number.NEGATIVE_INFINITY;
      this.clocksChanged(touched);
    }
    return this.moved(touched);
  }

  /** Whether all domains are known and followed. While they are not, one may run anywhere: nothing is parked. */
  knowAll(knowsAll: boolean): Change {
    const touched = new Set<ClockState>();
    this.#knowsAll = knowsAll;
    this.#lookAtAll(touched);
    return this.moved(touched);
  }

  /** Parks at once what the previous daemon had parked, as far as no domain uses it now. */
  resume(clocks: readonly Pcpu[], now: Now): Change {
    const touched = new Set<ClockState>();
    for (const id of clocks) if (this.#idle.has(id)) this.#park(id, now, touched);
    return this.moved(touched);
  }

  /** The clocks that are parked, for {@link resume} of the next daemon's arbiter. */
  parked(): Pcpu[] {
    return [...this.#parked.keys()].filter(
      (id) => this.#seats.clocks.get(id)?.wants.of("parked") !== undefined,
    );
  }

  /** Some domains that may run on the clock of a CPU, at most `max`; none where nothing is parked anyway. */
  usersOf(pcpu: Pcpu, max: number): string[] {
    const pcpus = this.#seats.clocks.get(pcpu)?.clock.pcpus ?? [];
    return this.#rule === undefined ? [] : this.#occupancy.usersOf(pcpus, max);
  }

  /** Notes where a domain may run; nowhere, if it is gone. Adds the clocks that are back to those touched. */
  occupy(name: string, domain: Domain | undefined, touched: Set<ClockState>): void {
    for (const pcpu of this.#occupancy.put(name, domain)) {
      const state = this.#seats.clocks.get(pcpu);
      if (state !== undefined) this.#look(state, touched);
    }
  }

  /** Puts the wants again, because the host's clocks or the rule changed. Adds the clocks that this concerns. */
  clocksChanged(touched: Set<ClockState>): void {
    for (const byId of [this.#idle, this.#parked])
      for (const id of byId.keys()) if (this.#seats.clocks.get(id)?.clock.id !== id) byId.delete(id);
    this.#lookAtAll(touched);
    for (const [id, sinceMs] of this.#parked) this.#put(id, sinceMs, touched);
  }

  /** Parks the clocks whose time has come. Returns these. */
  turn(now: Now): ReadonlySet<ClockState> {
    const touched = new Set<ClockState>();
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const [id, sinceMs = now.monoMs] of this.#idle) {
      // Without a rule no clock counts as idle.
      const atMs = sinceMs + (this.#rule as ParkingRule).afterMs;
      if (atMs <= now.monoMs) this.#park(id, now, touched);
      else {
        this.#idle.set(id, sinceMs);
        this.#dueMs = Math.min(this.#dueMs, atMs);
      }
    }
    return touched;
  }

  /** When {@link turn} is needed next, on the monotonic clock; undefined if no clock waits. */
  dueAt(): number | undefined {
    return this.#idle.size === 0 ? undefined : this.#dueMs;
  }

  /** The change that follows for these clocks, with what was parked and brought back. */
  moved(touched: Iterable<ClockState>): Change {
    const change = follow(settle(touched));
    if (this.#nowParked.length === 0 && this.#nowBack.length === 0) return change;
    const parking: ParkingMove = { parked: this.#nowParked, back: this.#nowBack };
    this.#nowParked = [];
    this.#nowBack = [];
    return { ...change, parking };
  }

  #lookAtAll(touched: Set<ClockState>): void {
    for (const state of new Set(this.#seats.clocks.values())) this.#look(state, touched);
  }

  #look(state: ClockState, touched: Set<ClockState>): void {
    const { id, pcpus } = state.clock;
    const isFree = this.#knowsAll && this.#rule !== undefined;
    if (!isFree || pcpus.some((pcpu) => this.#occupancy.isUsed(pcpu))) {
      this.#idle.delete(id);
      if (!this.#parked.delete(id)) return;
      state.wants.remove("parked");
      touched.add(state);
      this.#nowBack.push(...pcpus);
    } else if (!this.#parked.has(id) && !this.#idle.has(id)) {
      this.#idle.set(id, undefined);
      // The next turn notes the time.
      this.#dueMs = Number.NEGATIVE_INFINITY;
    }
  }

  #park(id: Pcpu, { wallMs }: Now, touched: Set<ClockState>): void {
    this.#idle.delete(id);
    this.#parked.set(id, wallMs);
    this.#put(id, wallMs, touched);
    this.#nowParked.push(...(this.#seats.clocks.get(id)?.clock.pcpus ?? []));
  }

  #put(id: Pcpu, sinceMs: number, touched: Set<ClockState>): void {
    // Without a rule no clock is parked, and one that is gone is not any more.
    const state = this.#seats.clocks.get(id) as ClockState;
    const { to } = this.#rule as ParkingRule;
    const { wants, clock } = state;
    wants.remove("parked");
    wants.put({
      source: "parked",
      holder: { kind: "parking" },
      asked: "parked",
      atMs: sinceMs,
      untilMs: undefined,
      exact: undefined,
      position: levelOf(clock.table, wholeTable(clock.table), false, "min"),
      knobs: to === "min" ? undefined : { governors: to.governors },
      before: undefined,
    });
    touched.add(state);
  }
}
