import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { Change, Refusal } from "../../arbiter/view.ts";
import type { Write } from "../../base/clock.ts";
import type { Domain, Pcpu } from "../../base/domain.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";
import { HostTimes } from "../../ledger/clock-times.ts";
import { VmLedger } from "../../ledger/vm-times.ts";
import type { TurnClock } from "../turn-clock.ts";

/** What {@link Usage} needs. */
export interface UsageOptions {
  readonly arbiter: Pick<Arbiter, "setting">;
  readonly cpufreq: Pick<Cpufreq, "clocks">;
  readonly time: TurnClock;
}

/** How clocks and VMs ran, and what became of requests, since the daemon started. */
export class Usage {
  readonly clocks = new HostTimes();
  readonly vms = new VmLedger(this.clocks);
  readonly #options: UsageOptions;

  constructor(options: UsageOptions) {
    this.#options = options;
  }

  /** The kernel accepted a write. Called while a packet is handled. */
  accepted(write: Write, monoMs: number): void {
    this.clocks.accepted(write, monoMs);
  }

  /** A guest's request was answered. Called while a packet is handled. */
  asked(vm: string, refusal: Refusal | undefined, limit?: Change["limit"]): void {
    const now = this.#options.time();
    if (refusal !== undefined) this.vms.asked(vm, "refused", now);
    else this.vms.asked(vm, limit?.kind ?? "granted", now);
    if (refusal === undefined && limit !== undefined) this.clocks.limited(limit.clock, limit.kind);
  }

  /** The host's clocks changed. `domains` are all that are known. */
  follow(domains: Iterable<Domain>): void {
    const { arbiter, cpufreq, time } = this.#options;
    const clocks = cpufreq.clocks().map((clock) => [clock, arbiter.setting(clock.id)?.accepted] as const);
    this.clocks.follow(clocks, time());
    for (const domain of domains) this.placed(domain);
  }

  /** A VM was started, pinned, paused or resumed. */
  placed(domain: Domain): void {
    const { arbiter, time } = this.#options;
    this.vms.place(domain, (pcpu: Pcpu) => arbiter.setting(pcpu)?.clock.id, time());
  }

  /** A VM does not exist any more. */
  gone(vm: string): void {
    this.vms.gone(vm, this.#options.time());
  }
}
