import type { Drift } from "../admin/control-types.ts";
import type { Arbiter } from "../arbiter/arbiter.ts";
import type { Write, WriteRefused } from "../base/clock.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Log } from "../base/log.ts";
import { MESSAGE_IDS } from "../base/message-id.ts";
import type { Cpufreq } from "../cpufreq/cpufreq.ts";

/** Counts of what was written for all. */
export interface WriteCounters {
  writes: number;
  writesRefused: number;
}

/** Does the arbiter's writes, and tells it what the kernel did not accept. */
export class Clocks {
  readonly counters: WriteCounters = { writes: 0, writesRefused: 0 };
  /** The last change of each clock by another program. */
  readonly drifts = new Map<Pcpu, Drift>();
  /** All such changes since the start. */
  driftCount = 0;
  /** Whether writes that nobody waits for are left outstanding. */
  postponed = false;
  readonly #arbiter: Arbiter;
  readonly #cpufreq: Cpufreq;
  readonly #log: Log;

  constructor(arbiter: Arbiter, cpufreq: Cpufreq, log: Log) {
    this.#arbiter = arbiter;
    this.#cpufreq = cpufreq;
    this.#log = log;
  }

  /** Does all of them; answers the first refusal. */
  apply(writes: readonly Write[]): WriteRefused | undefined {
    let first: WriteRefused | undefined;
    for (const write of writes) {
      this.counters.writes++;
      const refused = this.#cpufreq.apply(write);
      if (refused === undefined) continue;
      this.counters.writesRefused++;
      this.#arbiter.rejected(write);
      first ??= refused;
    }
    return first;
  }

  /** Does writes that nobody waits for: a refusal is logged, and tried again later. */
  settle(writes: readonly Write[], cause: string): void {
    if (this.postponed) {
      for (const write of writes) this.#arbiter.rejected(write);
      return;
    }
    const refused = this.apply(writes);
    if (refused !== undefined)
      this.#log.warning(`The kernel refused a write (${refused.reason}) after ${cause}`, {
        MESSAGE_ID: MESSAGE_IDS.writeRefused,
      });
  }

  /** Tries again what the kernel refused before, or does what was postponed. */
  retry(): void {
    if (!this.postponed) this.apply(this.#arbiter.outstanding());
  }
}
