import { claimsOf } from "./attach.ts";
import type { ClockState, DomainState } from "./claim.ts";
import { type Envelope, wholeTable } from "./envelope.ts";
import { start, wantedPosition } from "./position.ts";
import type { ScheduleInForce, ScheduleMoment } from "./schedule-view.ts";
import type { Seats } from "./seats.ts";
import type { Holder } from "./view.ts";
import type { Want, Wants } from "./want.ts";

/**
 * The schedules in force, and the wants that follow from them. Of several for one vCPU or one clock the highest speed
 * counts, so that the order of the configuration's files does not matter.
 */
export class Schedules {
  readonly #seats: Seats;
  #inForce: readonly ScheduleInForce[] = [];
  #dueMs: number | undefined;

  constructor(seats: Seats) {
    this.#seats = seats;
  }

  /** Takes what is in force now. Returns the clocks that this concerns. */
  turn({ inForce, dueMs }: ScheduleMoment): Set<ClockState> {
    this.#dueMs = dueMs;
    const touched = new Set<ClockState>();
    if (inForce === this.#inForce) return touched;
    this.#inForce = inForce;
    for (const state of this.#seats.domains.values()) this.#apply(state, touched);
    this.clocksChanged(touched);
    return touched;
  }

  /** When {@link turn} is needed next, on the monotonic clock; undefined if it never is. */
  dueAt(): number | undefined {
    return this.#dueMs;
  }

  /** Puts the wants for a domain again, because its vCPUs were placed or its contract changed. */
  placed(vm: string): void {
    if (this.#inForce.length > 0) this.#apply(this.#seats.domains.get(vm) as DomainState, new Set());
  }

  /** Puts the wants for clocks again, because the host's clocks changed. Adds those that this concerns. */
  clocksChanged(touched: Set<ClockState>): void {
    for (const clock of new Set(this.#seats.clocks.values())) {
      const { table, pcpus } = clock.clock;
      const named = this.#inForce.filter((each) => each.pcpus.some((pcpu) => pcpus.includes(pcpu)));
      const envelope = wholeTable(table);
      const { turbo } = start(table, envelope);
      const put = { clock, wants: clock.wants, envelope, turbo };
      if (exchange(put, named, (name) => ({ kind: "schedule", name }))) touched.add(clock);
    }
  }

  #apply(state: DomainState, touched: Set<ClockState>): void {
    const { schedules = [] } = state.contract;
    const named = this.#inForce.filter(({ name }) => schedules.includes(name));
    for (const { claimant, clock, wants, envelope } of claimsOf(state)) {
      // A guest that names CPUs of the host has claims on them; the schedule is for its vCPUs.
      const own = claimant.physical ? [] : named;
      // Turbo is on or off as the vCPU's guest said last.
      const { turbo } = wants.of("request")?.position ?? start(clock.clock.table, envelope);
      if (exchange({ clock, wants, envelope, turbo }, own, () => claimant.holder)) touched.add(clock);
    }
  }
}

/** Where a schedule's want is put. */
interface Place {
  readonly clock: ClockState;
  readonly wants: Wants;
  readonly envelope: Envelope;
  readonly turbo: boolean;
}

/** Puts the highest want of some schedules in place of the one before. Returns whether there was or is one. */
function exchange(
  { clock, wants, envelope, turbo }: Place,
  schedules: readonly ScheduleInForce[],
  holderFor: (schedule: string) => Holder,
): boolean {
  const before = wants.remove("schedule");
  let highest: Want | undefined;
  for (const schedule of schedules) {
    const position = wantedPosition(clock.clock.table, envelope, turbo, schedule.want);
    if (highest !== undefined && highest.position.index <= position.index) continue;
    highest = {
      source: "schedule",
      holder: holderFor(schedule.name),
      asked: `schedule ${schedule.name}`,
      atMs: schedule.sinceMs,
      untilMs: undefined,
      exact: undefined,
      schedule,
      position,
      before: undefined,
    };
  }
  if (highest !== undefined) wants.put(highest);
  return before !== undefined || highest !== undefined;
}
