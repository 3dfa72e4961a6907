import type { Want } from "../arbiter/handover.ts";
import type { Log } from "../base/log.ts";
import type { Parts } from "./control.ts";
import type { Handover } from "./handover.ts";

/** The hypervisor gets so long to tell its VMs; wants of those that it did not tell then end. */
const COMPLETE_MS = 10_000;

/** What a {@link Takeover} works with. */
export interface TakeoverOptions {
  readonly parts: () => Pick<Parts, "arbiter" | "clocks" | "cpufreq">;
  readonly log: Log;
  /** Told of the VMs whose wants hold again. */
  readonly takenOver: (vms: readonly string[]) => void;
}

/**
 * Between a restart and the moment when all VMs are known again: their guests want what they wanted, and until
 * everyone's want is known no clock moves, since the highest of them is to win.
 */
export class Takeover {
  readonly #handover: Handover | undefined;
  readonly #wants: ReadonlyMap<string, readonly Want[]>;
  readonly #options: TakeoverOptions;
  readonly #timer: Timer | undefined;
  #pending: boolean;

  constructor(handover: Handover | undefined, options: TakeoverOptions) {
    this.#handover = handover;
    this.#wants = Map.groupBy(handover?.wants ?? [], ({ vm }) => vm);
    this.#options = options;
    this.#pending = handover !== undefined;
    if (this.#pending) this.#timer = setTimeout(() => this.settle(), COMPLETE_MS);
  }

  /** What was handed over, as long as it is not settled. */
  get pending(): Handover | undefined {
    return this.#pending ? this.#handover : undefined;
  }

  /** A VM is known again. */
  found(vm: string): void {
    if (this.#pending) this.#options.parts().arbiter.takeOver(vm, this.#wants.get(vm) ?? []);
  }

  /** All are known, or enough time has passed: from now on what is wanted holds, and nothing else. */
  settle(): void {
    if (!this.#pending) return;
    this.close();
    this.#pending = false;
    const { log, takenOver } = this.#options;
    const { arbiter, clocks, cpufreq } = this.#options.parts();
    clocks.postponed = false;
    for (const { id } of cpufreq.clocks()) arbiter.rejected({ clock: id, setting: "baseline" });
    clocks.retry();
    const { there = [], lost = [] } = Object.groupBy(this.#wants.keys(), (vm) =>
      arbiter.domains.has(vm) ? "there" : "lost",
    );
    log.notice(`Took over from the daemon before: ${there.join(", ") || "no VM had asked for anything"}`);
    if (lost.length > 0) log.notice(`Not taken over, for they are not there any more: ${lost.join(", ")}`);
    takenOver(there);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
