import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { SavedPolicy } from "../../arbiter/policy-view.ts";
import type { SavedWant } from "../../arbiter/view.ts";
import type { Domain } from "../../base/domain.ts";
import type { Log } from "../../base/log.ts";
import type { HypervisorEvents } from "../../hypervisor/hypervisor.ts";
import type { Alarm } from "../alarm.ts";
import type { Clocks } from "../host/clocks.ts";
import type { PolicyClock } from "../local-hours.ts";
import type { TurnClock } from "../turn-clock.ts";
import type { Handover } from "./handover.ts";

const ALARM = "takeover";

/** How long the hypervisor may take to report its VMs, in ms; then the VMs of the handover are used. */
const COMPLETE_MS = 10_000;

/** What a {@link Takeover} needs. */
export interface TakeoverOptions {
  readonly parts: () => {
    readonly arbiter: Arbiter;
    readonly time: TurnClock;
    readonly clocks: Pick<Clocks, "postponed" | "retry" | "settle">;
    readonly vms: { readonly domains: ReadonlyMap<string, Domain> };
  };
  readonly log: Log;
  readonly alarm: Alarm;
  readonly hostEvents: TakeoverEvents;
  readonly moment: PolicyClock;
}

/** Events of a takeover. */
export interface TakeoverEvents extends Pick<HypervisorEvents, "domain" | "gone"> {
  /** The wants of these VMs were restored. */
  takenOver(vms: Iterable<string>): void;
}

/**
 * The time between a restart and the moment when all VMs are known again. No clock is written until the wants of all
 * guests are restored, because the highest of them must win.
 */
export class Takeover {
  readonly #handover: Handover | undefined;
  readonly #wants: ReadonlyMap<string, readonly SavedWant[]>;
  readonly #policies: ReadonlyMap<string, readonly SavedPolicy[]>;
  readonly #runs: ReadonlyMap<string, string | undefined>;
  readonly #options: TakeoverOptions;
  #pending: boolean;
  #presumed: readonly Domain[] = [];

  constructor(handover: Handover | undefined, options: TakeoverOptions) {
    this.#handover = handover;
    this.#wants = Map.groupBy(handover?.wants ?? [], ({ vm }) => vm);
    this.#policies = Map.groupBy(handover?.policies ?? [], ({ vm }) => vm);
    this.#runs = new Map(handover?.domains.map(({ name, run }) => [name, run]));
    this.#options = options;
    this.#pending = handover !== undefined;
    if (this.#pending) options.alarm.after(ALARM, COMPLETE_MS, () => this.presume());
  }

  /** The handover, until all of it is settled. */
  get pending(): Handover | undefined {
    return this.#pending ? this.#handover : undefined;
  }

  /** A VM is known again. */
  found(vm: string): void {
    if (!this.#pending || !this.#isSameRun(vm)) return;
    const { arbiter, time } = this.#options.parts();
    arbiter.takeOver(vm, this.#wants.get(vm) ?? [], time());
    arbiter.policies.resume(vm, this.#policies.get(vm) ?? [], this.#options.moment());
  }

  /** A VM that was started again has another guest, so its old wants are not restored. */
  #isSameRun(vm: string): boolean {
    const before = this.#runs.get(vm);
    return before === undefined || before === this.#options.parts().vms.domains.get(vm)?.run;
  }

  /**
   * The hypervisor cannot be reached or does not answer: its last reports to the previous daemon are used. If a VM has
   * ended since, its closed channels show that.
   */
  presume(): void {
    if (!this.#pending) return;
    const { vms } = this.#options.parts();
    this.#presumed = this.#handover?.domains.filter(({ name }) => !vms.domains.has(name)) ?? [];
    const names = this.#presumed.map(({ name }) => name).sort();
    if (names.length > 0)
      this.#options.log.warning(
        `The hypervisor has not reported ${names.join(", ")}: assumed to be as before the restart`,
      );
    for (const domain of this.#presumed) this.#options.hostEvents.domain(domain);
    this.#settle();
  }

  /** The hypervisor has reported all its VMs. */
  complete(): void {
    const { hostEvents, parts } = this.#options;
    for (const domain of this.#presumed)
      if (parts().vms.domains.get(domain.name) === domain) hostEvents.gone(domain.name, "unseen");
    this.#presumed = [];
    this.#settle();
  }

  /** All wants are known: writes the settings that follow from them. */
  #settle(): void {
    if (!this.#pending) return;
    this.#options.alarm.cancel(ALARM);
    this.#pending = false;
    const { log, hostEvents } = this.#options;
    const { arbiter, clocks, time } = this.#options.parts();
    // While writes are still postponed, so that a parked clock is not written twice.
    clocks.settle(arbiter.parking.resume(this.#handover?.parked ?? [], time()), "the takeover");
    clocks.postponed = false;
    arbiter.distrust();
    clocks.retry();
    const { there = [], lost = [] } = Object.groupBy(this.#askers(), (vm) =>
      arbiter.domain(vm) !== undefined && this.#isSameRun(vm) ? "there" : "lost",
    );
    log.notice(`Took over from the previous daemon: ${there.join(", ") || "no VM had asked for anything"}`);
    if (lost.length > 0)
      log.notice(`Not taken over, because they ended before the restart was complete: ${lost.join(", ")}`);
    hostEvents.takenOver(there);
  }

  /** The VMs whose guests wanted something of the previous daemon. */
  #askers(): Set<string> {
    return new Set([...this.#wants.keys(), ...this.#policies.keys()]);
  }
}
