import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { WriteRefused } from "../../base/clock.ts";
import type { Domain, Pcpu } from "../../base/domain.ts";
import { type Knobs, sameKnobs } from "../../base/knobs.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import { Retries } from "../../base/retries.ts";
import { Turns } from "../../base/turns.ts";
import type { Config } from "../../config/config.ts";
import type { Cpufreq, UncoreCpus } from "../../cpufreq/cpufreq.ts";
import type { LimitedLog } from "../limited-log.ts";
import type { TurnClock } from "../turn-clock.ts";

/** Waits in ms before a clock that refused its knobs is tried again; each wait is longer. */
const RETRY_PACE = { first: 5_000, max: 10 * 60_000 };

/** How many clocks one {@link KnobHolder.beat} looks at; the others follow in later calls. */
const CLOCKS_PER_BEAT = 64;

/** What {@link KnobHolder} needs. */
export interface KnobHolderOptions {
  readonly arbiter: Arbiter;
  readonly cpufreq: Cpufreq;
  readonly log: LimitedLog;
  readonly time: TurnClock;
  /** A vCPU that may run on more CPUs than `MultiPinMax` has no say there. */
  readonly config: () => Pick<Config, "cpufreq">;
}

/** Holds on each clock what the contracts there ask for beside speeds: energy preference, latency, governor, uncore. */
export class KnobHolder {
  readonly #options: KnobHolderOptions;
  readonly #retries = new Retries<Pcpu>(RETRY_PACE);
  readonly #told = new Map<Pcpu, string>();
  readonly #turns = new Turns(CLOCKS_PER_BEAT);

  constructor(options: KnobHolderOptions) {
    this.#options = options;
  }

  /** A domain came, changed or went: looks at the clocks that it left and those that it joined. */
  follow(...reports: readonly (Pick<Domain, "pins"> | undefined)[]): void {
    const max = this.#options.config().cpufreq.multiPinMax;
    const pcpus = new Set<Pcpu>();
    for (const report of reports)
      for (const pins of report?.pins ?? []) if (pins.length <= max) for (const pcpu of pins) pcpus.add(pcpu);
    this.look(pcpus);
  }

  /** Looks at the clocks of some CPUs, and at their uncores. */
  look(pcpus: Iterable<Pcpu>): void {
    const uncores = new Set<Pcpu>();
    for (const pcpu of pcpus) {
      this.#look(pcpu);
      const uncore = this.#uncoreOf(pcpu);
      if (uncore !== undefined) uncores.add(uncore.clock);
    }
    for (const clock of uncores) this.#look(clock);
  }

  /** Looks at every clock, also at those that refused before. */
  settle(): void {
    for (const { id } of this.#options.cpufreq.clocks()) this.#look(id);
  }

  /** Called regularly: looks at clocks that refused before, and at all others too, in turns. */
  beat(): void {
    for (const { id } of this.#turns.next(this.#options.cpufreq.clocks())) this.#look(id);
  }

  /** The clocks that do not hold what is asked for. */
  unmet(): ReadonlySet<Pcpu> {
    const { cpufreq } = this.#options;
    const found = cpufreq.clocks().filter(({ id }) => {
      const wanted = this.#wanted(id)?.wanted;
      const held = cpufreq.held(id)?.knobs;
      return wanted !== undefined && held !== undefined && !sameKnobs(wanted, held);
    });
    return new Set(found.map(({ id }) => id));
  }

  /** What the clock of a CPU should hold: its own knobs, and those of the uncore that belongs to it. */
  #wanted(pcpu: Pcpu): { readonly clock: Pcpu; readonly wanted: Knobs } | undefined {
    const { arbiter } = this.#options;
    const knobs = arbiter.knobs.on(pcpu);
    const uncore = knobs && this.#uncoreOf(knobs.clock);
    // Without an uncore the back end says that there is none.
    if (uncore === undefined) return knobs;
    const bounds = uncore.clock === knobs?.clock ? arbiter.knobs.uncore(uncore.pcpus) : undefined;
    return knobs && { ...knobs, wanted: { ...knobs.wanted, uncore: bounds } };
  }

  #uncoreOf(pcpu: Pcpu): UncoreCpus | undefined {
    return this.#options.cpufreq.uncores().find(({ pcpus }) => pcpus.includes(pcpu));
  }

  #look(pcpu: Pcpu): void {
    const { cpufreq, time } = this.#options;
    const knobs = this.#wanted(pcpu);
    if (knobs === undefined) return;
    const { clock, wanted } = knobs;
    const held = cpufreq.held(clock);
    if (held === undefined || sameKnobs(held.knobs, wanted)) return;
    if (!this.#retries.isDue(clock, time().monoMs)) return;
    void cpufreq.hold(clock, wanted).then((refused) => this.#done(clock, refused));
  }

  #done(clock: Pcpu, refused: WriteRefused | undefined): void {
    const { cpufreq, log, time } = this.#options;
    if (refused === undefined) this.#retries.succeeded(clock);
    else {
      this.#retries.failed(clock, time().monoMs);
      log(`knobs of CPU ${clock}`, "warning", () => ({
        message: `The kernel refused what is asked for on CPU ${clock} beside speeds (${refused.reason})${remedyOf(refused)}`,
        fields: { MESSAGE_ID: MESSAGE_IDS.writeRefused, CPU: clock },
      }));
    }
    const missing = (cpufreq.held(clock)?.missing ?? []).join("; ");
    if (missing === (this.#told.get(clock) ?? "")) return;
    this.#told.set(clock, missing);
    if (missing === "") return;
    const message = `CPU ${clock} does not have all that is asked for there: ${missing}`;
    log(`knobs of CPU ${clock}`, "notice", () => ({ message, fields: { CPU: clock } }));
  }
}

/** The sandbox of the unit lets the daemon write to the directory of cpufreq only. */
function remedyOf({ reason }: WriteRefused): string {
  return reason.endsWith("EROFS") ? ': see "RUNNING UNDER SYSTEMD" in vm-power(8)' : "";
}
