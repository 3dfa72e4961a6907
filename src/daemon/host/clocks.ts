import type { Drift } from "../../admin/control-types.ts";
import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Change, ChangeWrite } from "../../arbiter/view.ts";
import type { WriteRefused } from "../../base/clock.ts";
import type { Pcpu } from "../../base/domain.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import { Retries } from "../../base/retries.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";
import type { Alarm } from "../alarm.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { TurnClock } from "../turn-clock.ts";

/** A clock that refuses is tried again after so long, in milliseconds, and less and less often. */
const RETRY_PACE = { first: 5_000, max: 10 * 60_000 };

/** Counts of what was written for all. */
export interface WriteCounters {
  writes: number;
  writesRefused: number;
}

/** What {@link Clocks} works with. */
export interface ClocksOptions {
  readonly arbiter: Arbiter;
  readonly cpufreq: Cpufreq;
  readonly log: LimitedLog;
  readonly time: TurnClock;
  readonly alarm: Alarm;
  /** Told of clocks whose operator's order has ended; called on a packet's way, so it must not wait. */
  readonly ordersEnded: (clocks: readonly Pcpu[]) => void;
}

/** Does the arbiter's changes, and tells it what came of them. */
export class Clocks {
  readonly counters: WriteCounters = { writes: 0, writesRefused: 0 };
  /** The last change of each clock by another program. */
  readonly drifts = new Map<Pcpu, Drift>();
  /** All such changes since the start. */
  driftCount = 0;
  /** Whether writes that nobody waits for are left outstanding. */
  postponed = false;
  readonly #options: ClocksOptions;
  readonly #retries = new Retries<Pcpu>(RETRY_PACE);
  #dueMs: number | undefined;

  constructor(options: ClocksOptions) {
    this.#options = options;
  }

  /** Does what a request led to. What the kernel refuses is taken back whole, and answered. */
  perform(change: Change): WriteRefused | undefined {
    const { arbiter, time } = this.#options;
    const { writes } = change;
    for (let accepted = 0; accepted < writes.length; accepted++) {
      const refused = this.#write(writes[accepted] as ChangeWrite);
      if (refused === undefined) continue;
      const { reason } = refused;
      this.settle(arbiter.rollback(change, { accepted, reason, now: time() }), "a request was taken back");
      return refused;
    }
    this.#commit(change);
    return undefined;
  }

  /** Does writes that nobody waits for: a refusal is logged, and tried again later. */
  settle(change: Change, cause: string): void {
    if (this.postponed) return this.#commit(change, change.writes);
    let refusals: ChangeWrite[] | undefined;
    for (const write of change.writes) {
      const refused = this.#write(write);
      if (refused === undefined) {
        this.#retries.succeeded(write.clock);
        continue;
      }
      this.#retries.failed(write.clock, this.#options.time().monoMs);
      refusals ??= [];
      refusals.push(write);
      this.#options.log(`CPU ${write.clock}`, "warning", () => ({
        message: `The kernel refused a write (${refused.reason}) after ${cause}`,
        fields: { MESSAGE_ID: MESSAGE_IDS.writeRefused, CPU: write.clock },
      }));
    }
    this.#commit(change, refusals);
  }

  /** Tries again what the kernel refused before, where it is time to. */
  retry(): void {
    const { arbiter, time } = this.#options;
    if (this.postponed) return;
    const { monoMs } = time();
    const change = arbiter.outstanding((clock) => this.#retries.isDue(clock, monoMs));
    this.settle(change, "an earlier refusal");
  }

  #write(write: ChangeWrite): WriteRefused | undefined {
    this.counters.writes++;
    const refused = this.#options.cpufreq.apply(write);
    if (refused !== undefined) this.counters.writesRefused++;
    return refused;
  }

  #commit(change: Change, refused?: readonly ChangeWrite[]): void {
    const { arbiter, ordersEnded } = this.#options;
    arbiter.commit(change, refused);
    const { endedOrders } = change;
    if (endedOrders.length > 0) ordersEnded(endedOrders);
    const dueMs = arbiter.dueAt();
    if (dueMs !== this.#dueMs) this.#wake(dueMs);
  }

  /** Wakes the arbiter when the next want ends. */
  #wake(dueMs: number | undefined): void {
    const { alarm, arbiter } = this.#options;
    this.#dueMs = dueMs;
    if (dueMs === undefined) return alarm.cancel("wants");
    alarm.at("wants", dueMs, (now) => {
      this.#dueMs = undefined;
      this.settle(arbiter.tick(now), "the end of a want");
    });
  }
}
