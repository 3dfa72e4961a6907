import type { Drift } from "../../admin/control-types.ts";
import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { ParkingMove } from "../../arbiter/parking-view.ts";
import type { PolicyView } from "../../arbiter/policy-view.ts";
import type { ScheduleMoment } from "../../arbiter/schedule-view.ts";
import type { Change, ChangeWrite } from "../../arbiter/view.ts";
import type { Write, WriteRefused } from "../../base/clock.ts";
import type { Pcpu } from "../../base/domain.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import type { Now } from "../../base/now.ts";
import { Retries } from "../../base/retries.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";
import type { Alarm } from "../alarm.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { PolicyClock } from "../local-hours.ts";
import type { TurnClock } from "../turn-clock.ts";

/** Waits in ms before a clock that refused a write is tried again; each wait is longer. */
const RETRY_PACE = { first: 5_000, max: 10 * 60_000 };

/** Why a request was rolled back; undefined if the kernel accepted all writes. */
export type Performed = WriteRefused | undefined;

/** Counts writes to all clocks. */
export interface WriteCounters {
  writes: number;
  writesRefused: number;
}

/** What {@link Clocks} needs. */
export interface ClocksOptions {
  readonly arbiter: Arbiter;
  readonly cpufreq: Cpufreq;
  readonly log: LimitedLog;
  readonly time: TurnClock;
  readonly alarm: Alarm;
  /** Called with clocks whose operator's order has ended, also while a packet is handled, so it must not block. */
  readonly ordersEnded: (clocks: readonly Pcpu[]) => void;
  /** The time and the hour of the day. */
  readonly moment: PolicyClock;
  /** The schedules in force. */
  readonly schedules?: (now: Now) => ScheduleMoment;
  /** Called with guest policies that want something else from now on. */
  readonly policiesTurned?: (policies: readonly PolicyView[]) => void;
  /** Called with CPUs that were parked or are back, after their writes. */
  readonly parkingMoved?: (move: ParkingMove) => void;
  /** Called with each write that the kernel accepted, also while a packet is handled. */
  readonly accepted?: (write: Write, monoMs: number) => void;
}

/** Writes the arbiter's changes, and reports the results to the arbiter. */
export class Clocks {
  readonly counters: WriteCounters = { writes: 0, writesRefused: 0 };
  /** The last change of each clock by another program. */
  readonly drifts = new Map<Pcpu, Drift>();
  /** Number of all such changes since the start. */
  driftCount = 0;
  /** Whether writes without a waiting request are not done for now, but left outstanding. */
  postponed = false;
  readonly #options: ClocksOptions;
  readonly #retries = new Retries<Pcpu>(RETRY_PACE);
  #dueMs: number | undefined;

  constructor(options: ClocksOptions) {
    this.#options = options;
  }

  /** Whether writes are answered later. */
  get isSlow(): boolean {
    return this.#options.cpufreq.slow;
  }

  /**
   * Writes the change of a request. After a refusal the whole request is rolled back and the reason returned: at once,
   * or with a slow back end later.
   */
  perform(change: Change): Performed | Promise<Performed> {
    if (this.#options.cpufreq.slow && change.writes.length > 0) return this.#performSlow(change);
    const { writes } = change;
    for (let accepted = 0; accepted < writes.length; accepted++) {
      const refused = this.#write(writes[accepted] as ChangeWrite);
      if (refused !== undefined) return this.#takeBack(change, accepted, refused);
    }
    this.#commit(change);
    return undefined;
  }

  async #performSlow(change: Change): Promise<Performed> {
    for (const [accepted, write] of change.writes.entries()) {
      const refused = await this.#writeSlow(write);
      if (refused !== undefined) return this.#takeBack(change, accepted, refused);
    }
    this.#commit(change);
    return undefined;
  }

  #takeBack(change: Change, accepted: number, refused: WriteRefused): WriteRefused {
    const { arbiter, time } = this.#options;
    const { reason } = refused;
    this.settle(arbiter.rollback(change, { accepted, reason, now: time() }), "a request was taken back");
    return refused;
  }

  /** Does writes that no request waits for. A refusal is logged and tried again later. */
  settle(change: Change, cause: string): void {
    if (this.postponed) return this.#commit(change, change.writes);
    if (this.#options.cpufreq.slow && change.writes.length > 0) {
      void this.#settleSlow(change, cause);
      return;
    }
    let refusals: ChangeWrite[] | undefined;
    for (const write of change.writes) {
      if (!this.#isRefused(write, this.#write(write), cause)) continue;
      refusals ??= [];
      refusals.push(write);
    }
    this.#commit(change, refusals);
  }

  async #settleSlow(change: Change, cause: string): Promise<void> {
    const answers = await Promise.all(change.writes.map((write) => this.#writeSlow(write)));
    this.#commit(
      change,
      change.writes.filter((write, i) => this.#isRefused(write, answers[i], cause)),
    );
  }

  /** Notes when a refused write may be tried again, and logs the reason. */
  #isRefused({ clock }: ChangeWrite, refused: Performed, cause: string): boolean {
    const { log, time } = this.#options;
    if (refused === undefined) this.#retries.succeeded(clock);
    else {
      this.#retries.failed(clock, time().monoMs);
      log(`CPU ${clock}`, "warning", () => ({
        message: `The kernel refused a write (${refused.reason}) after ${cause}`,
        fields: { MESSAGE_ID: MESSAGE_IDS.writeRefused, CPU: clock },
      }));
    }
    return refused !== undefined;
  }

  /** Tries outstanding writes again, as far as their wait is over. */
  retry(): void {
    const { arbiter, time } = this.#options;
    if (this.postponed) return;
    const { monoMs } = time();
    const change = arbiter.outstanding((clock) => this.#retries.isDue(clock, monoMs));
    this.settle(change, "an earlier refusal");
  }

  /**
   * Ends wants whose time is over, and does what guest policies, schedules and parking want at this time. The alarm calls it, and
   * the heartbeat does because the wall clock may have been set. Without such wants the hour is not even looked up.
   */
  tick(): void {
    if (this.#options.arbiter.dueAt() !== undefined) this.turn();
  }

  /** Does what {@link tick} does, also where nothing was due: the configuration may have other schedules now. */
  turn(): void {
    const { arbiter, moment, schedules, time } = this.#options;
    const now = time();
    const local = arbiter.policies.isEmpty ? undefined : moment().local;
    this.settle(arbiter.tick(now, local, schedules?.(now)), "a change of the time");
  }

  #write(write: ChangeWrite): Performed {
    this.counters.writes++;
    const refused = this.#options.cpufreq.apply(write);
    if (refused !== undefined) this.counters.writesRefused++;
    return refused;
  }

  async #writeSlow(write: ChangeWrite): Promise<Performed> {
    this.counters.writes++;
    const refused = await this.#options.cpufreq.applySlow(write);
    if (refused !== undefined) this.counters.writesRefused++;
    return refused;
  }

  #commit(change: Change, refused?: readonly ChangeWrite[]): void {
    const { accepted, arbiter, ordersEnded, parkingMoved, policiesTurned, time } = this.#options;
    arbiter.commit(change, refused);
    if (accepted !== undefined)
      for (const write of change.writes)
        if (refused?.includes(write) !== true) accepted(write, time().monoMs);
    const { endedOrders, turned, parking } = change;
    if (endedOrders.length > 0) ordersEnded(endedOrders);
    if (turned !== undefined && turned.length > 0) policiesTurned?.(turned);
    if (parking !== undefined) parkingMoved?.(parking);
    const dueMs = arbiter.dueAt();
    if (dueMs !== this.#dueMs) this.#wake(dueMs);
  }

  /** Sets the alarm for the end of the next want. */
  #wake(dueMs: number | undefined): void {
    const { alarm } = this.#options;
    this.#dueMs = dueMs;
    if (dueMs === undefined) return alarm.cancel("wants");
    alarm.at("wants", dueMs, () => {
      this.#dueMs = undefined;
      this.tick();
    });
  }
}
