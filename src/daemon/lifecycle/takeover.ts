import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { SavedWant } from "../../arbiter/view.ts";
import type { Domain } from "../../base/domain.ts";
import type { Log } from "../../base/log.ts";
import type { HypervisorEvents } from "../../hypervisor/hypervisor.ts";
import type { Alarm } from "../alarm.ts";
import type { Clocks } from "../host/clocks.ts";
import type { Handover } from "./handover.ts";

const ALARM = "takeover";

/** The hypervisor gets so long to tell its VMs; then they are taken to be as they were. */
const COMPLETE_MS = 10_000;

/** What a {@link Takeover} works with. */
export interface TakeoverOptions {
  readonly parts: () => {
    readonly arbiter: Arbiter;
    readonly clocks: Pick<Clocks, "postponed" | "retry">;
    readonly vms: { readonly domains: ReadonlyMap<string, Domain> };
  };
  readonly log: Log;
  readonly alarm: Alarm;
  readonly hostEvents: TakeoverEvents;
}

/** What is told of a takeover. */
export interface TakeoverEvents extends Pick<HypervisorEvents, "domain" | "gone"> {
  /** The wants of these VMs hold again. */
  takenOver(vms: Iterable<string>): void;
}

/**
 * Between a restart and the moment when all VMs are known again: their guests want what they wanted, and until
 * everyone's want is known no clock moves, since the highest of them is to win.
 */
export class Takeover {
  readonly #handover: Handover | undefined;
  readonly #wants: ReadonlyMap<string, readonly SavedWant[]>;
  readonly #runs: ReadonlyMap<string, string | undefined>;
  readonly #options: TakeoverOptions;
  #pending: boolean;
  #presumed: readonly Domain[] = [];

  constructor(handover: Handover | undefined, options: TakeoverOptions) {
    this.#handover = handover;
    this.#wants = Map.groupBy(handover?.wants ?? [], ({ vm }) => vm);
    this.#runs = new Map(handover?.domains.map(({ name, run }) => [name, run]));
    this.#options = options;
    this.#pending = handover !== undefined;
    if (this.#pending) options.alarm.after(ALARM, COMPLETE_MS, () => this.presume());
  }

  /** What was handed over, as long as it is not settled. */
  get pending(): Handover | undefined {
    return this.#pending ? this.#handover : undefined;
  }

  /** A VM is known again. */
  found(vm: string): void {
    if (this.#pending && this.#isSameRun(vm))
      this.#options.parts().arbiter.takeOver(vm, this.#wants.get(vm) ?? []);
  }

  /** A VM that was started again has another guest: what the one before asked for is not taken over. */
  #isSameRun(vm: string): boolean {
    const before = this.#runs.get(vm);
    return before === undefined || before === this.#options.parts().vms.domains.get(vm)?.run;
  }

  /**
   * The hypervisor is away, or silent: what it had said to the daemon before goes on to hold, as it does for a daemon that was not
   * restarted. A VM that ended meanwhile shows by its channels.
   */
  presume(): void {
    if (!this.#pending) return;
    const { vms } = this.#options.parts();
    this.#presumed = this.#handover?.domains.filter(({ name }) => !vms.domains.has(name)) ?? [];
    const names = this.#presumed.map(({ name }) => name).sort();
    if (names.length > 0)
      this.#options.log.warning(
        `The hypervisor does not tell of ${names.join(", ")}: taken to be as before the restart`,
      );
    for (const domain of this.#presumed) this.#options.hostEvents.domain(domain);
    this.#settle();
  }

  /** The hypervisor has told all its VMs. */
  complete(): void {
    const { hostEvents, parts } = this.#options;
    for (const domain of this.#presumed)
      if (parts().vms.domains.get(domain.name) === domain) hostEvents.gone(domain.name, "unseen");
    this.#presumed = [];
    this.#settle();
  }

  /** All wants are known: writes what they come to. */
  #settle(): void {
    if (!this.#pending) return;
    this.#options.alarm.cancel(ALARM);
    this.#pending = false;
    const { log, hostEvents } = this.#options;
    const { arbiter, clocks } = this.#options.parts();
    clocks.postponed = false;
    arbiter.distrust();
    clocks.retry();
    const { there = [], lost = [] } = Object.groupBy(this.#wants.keys(), (vm) =>
      arbiter.domain(vm) !== undefined && this.#isSameRun(vm) ? "there" : "lost",
    );
    log.notice(`Took over from the daemon before: ${there.join(", ") || "no VM had asked for anything"}`);
    if (lost.length > 0)
      log.notice(`Not taken over, because they ended before the restart was complete: ${lost.join(", ")}`);
    hostEvents.takenOver(there);
  }
}
