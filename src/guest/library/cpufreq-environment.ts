import { wholeTable } from "../../arbiter/envelope.ts";
import { type Position, positionOf, start, step } from "../../arbiter/position.ts";
import type { Clock } from "../../base/clock.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Log } from "../../base/log.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";
import { openCpufreq } from "../../cpufreq/linux/open.ts";
import { survey } from "../../cpufreq/linux/survey.ts";
import { Permitted } from "../../cpufreq/permission.ts";
import { type Environment, notInitialised, notSupported } from "./environment.ts";
import { failure, granted, type Outcome } from "./outcome.ts";

/** How to treat the machine's own clocks. */
export interface CpufreqEnvironmentOptions {
  /** `/sys/devices/system/cpu`, or a tree like it. */
  readonly root: string;
  /**
   * The directory where original settings are saved before a change, so that the next process can restore them after a
   * crash.
   */
  readonly journalDirectory: string;
  /** Start from the current speed and keep the speeds at the end; otherwise `exit` restores everything. */
  readonly keep: boolean;
  readonly log: Log;
}

/** The CPUs that can be scaled here, in ascending order. */
export function scalableCpus(root: string): readonly number[] {
  const { clocks } = survey(root, new Permitted({ managed: "all" }));
  return clocks.flatMap(({ members }) => members.map(({ pcpu }) => pcpu)).sort((a, b) => a - b);
}

/**
 * Scales on bare metal, where an lcore is a CPU. Each lcore has its own position in the table of its clock. If several
 * lcores share a clock, the highest one counts.
 */
export function cpufreqEnvironment(options: CpufreqEnvironmentOptions): Environment {
  const held = new HeldLcores(options);
  return {
    lcores: () => scalableCpus(options.root),
    init: async (lcore) => held.init(lcore),
    exit: async (lcore) => held.forget(lcore),
    scale: async (lcore, action) =>
      held.move(lcore, ({ table }, from) => step(table, wholeTable(table), from, action)),
    freqs: (lcore) => held.read(lcore, ({ table }) => table.speeds.map(({ peerKhz }) => peerKhz)),
    getFreq: (lcore) => held.read(lcore, (_, { index }) => index),
    setFreq(lcore, index) {
      const speeds = held.speedsOf(lcore);
      if (speeds !== undefined && speeds[index] === undefined)
        return failure("invalid", `CPU ${lcore} has no speed ${index}, only ${speeds.length}`);
      return held.move(lcore, (_, from) => ({ ...from, index, bound: undefined }));
    },
    turboStatus: (lcore) => held.read(lcore, (_, position) => position.turbo),
    getCapabilities: (lcore) => held.read(lcore, (clock) => capabilitiesOf(clock, lcore)),
    sendPolicy: async () => notSupported("There is no host to send a policy to"),
    removePolicy: async () => notSupported("There is no host to remove a policy from"),
    async queryFreqs(lcore, of) {
      if (!held.has(lcore)) return notInitialised(lcore);
      return granted(
        held.all(of, ({ table }, { index }, cpu) => held.observedKhz(cpu) ?? table.speeds[index]?.khz),
      );
    },
    queryEnergy: async () => notSupported("There is no host that counts the energy of this machine"),
    async queryCaps(lcore, of) {
      if (!held.has(lcore)) return notInitialised(lcore);
      return granted(
        held.all(of, (clock, _, cpu) => capabilitiesOf(clock, cpu)).map((caps) => caps ?? NO_CAPABILITIES),
      );
    },
  };
}

/** The initialised lcores, and the clocks that they use. */
class HeldLcores {
  readonly #options: CpufreqEnvironmentOptions;
  readonly #lcores = new Map<number, { readonly clock: Clock; position: Position }>();
  #opened: Cpufreq | undefined;

  constructor(options: CpufreqEnvironmentOptions) {
    this.#options = options;
  }

  has(lcore: number): boolean {
    return this.#lcores.has(lcore);
  }

  speedsOf(lcore: number): Clock["table"]["speeds"] | undefined {
    return this.#lcores.get(lcore)?.clock.table.speeds;
  }

  /** The current speed of a CPU, as the kernel reports it. */
  observedKhz(lcore: number): number | undefined {
    return this.#opened?.observe(lcore)?.currentKhz;
  }

  init(lcore: number): Outcome {
    const { keep } = this.#options;
    if (this.has(lcore)) return failure("invalid", `lcore ${lcore} is initialised already`);
    this.#opened ??= openCpufreq(
      { ...this.#options, managed: "all", onExit: onExit(this.#options), onDrift: "yield" },
      NO_EVENTS,
    );
    const clock = this.#opened.clocks().find(({ pcpus }) => pcpus.includes(lcore));
    if (clock === undefined) {
      const reason = this.#opened.unmanaged().find(({ pcpu }) => pcpu === lcore)?.reason ?? "no such CPU";
      this.#closeIfUnused();
      return failure("no-port", `CPU ${lcore} cannot be scaled: ${reason}`);
    }
    const from = keep ? found(this.#opened, lcore, clock) : undefined;
    this.#lcores.set(lcore, { clock, position: from ?? start(clock.table, wholeTable(clock.table)) });
    const outcome = keep ? granted() : this.#settle(clock);
    if (outcome.kind !== "granted") this.forget(lcore);
    return outcome;
  }

  /** Releases an lcore. Its clock follows the other lcores on it, or is restored. */
  forget(lcore: number): Outcome {
    const held = this.#lcores.get(lcore);
    if (held === undefined) return notInitialised(lcore);
    this.#lcores.delete(lcore);
    const outcome = this.#options.keep ? granted() : this.#settle(held.clock);
    const refused = this.#closeIfUnused();
    return refused === undefined ? outcome : failure("refused", `Cannot restore a clock: ${refused}`);
  }

  /** Changes the position of an lcore. It stays as it was if the kernel refuses. */
  move(lcore: number, to: (clock: Clock, from: Position) => Position | undefined): Outcome {
    const held = this.#lcores.get(lcore);
    if (held === undefined) return notInitialised(lcore);
    const before = held.position;
    const after = to(held.clock, before);
    if (after === undefined) return failure("refused", `CPU ${lcore} has no turbo, or it is switched off`);
    held.position = after;
    const outcome = this.#settle(held.clock);
    if (outcome.kind !== "granted") held.position = before;
    return outcome;
  }

  /** Reads a value of one lcore, if it is initialised. */
  read<T>(lcore: number, what: (clock: Clock, position: Position) => T): Outcome<T> {
    const held = this.#lcores.get(lcore);
    return held === undefined ? notInitialised(lcore) : granted(what(held.clock, held.position));
  }

  /** Reads a value of one lcore or of all, by lcore. */
  all<T>(of: number | "all", what: (clock: Clock, position: Position, lcore: number) => T) {
    const end = of === "all" ? Math.max(-1, ...this.#lcores.keys()) : of;
    return Array.from({ length: end + 1 }, (_, lcore) => {
      const held = of === "all" || lcore === of ? this.#lcores.get(lcore) : undefined;
      return held === undefined ? undefined : what(held.clock, held.position, lcore);
    });
  }

  #closeIfUnused(): string | undefined {
    if (this.#lcores.size > 0) return undefined;
    const [refused] = this.#opened?.close() ?? [];
    this.#opened = undefined;
    return refused?.reason;
  }

  /** Sets a clock to the highest position of its lcores. Without any lcore it is restored. */
  #settle(clock: Clock): Outcome {
    const wanted = [...this.#lcores.values()]
      .filter((held) => held.clock === clock)
      .map(({ position }) => position.index);
    const setting = wanted.length === 0 ? "baseline" : Math.min(...wanted);
    const refused = this.#opened?.apply({ clock: clock.id, setting });
    if (refused === undefined) return granted();
    return failure(
      "refused",
      `The kernel refused to scale CPU ${formatCpuList(clock.pcpus)}: ${refused.reason}`,
    );
  }
}

/** What a CPU can do. */
function capabilitiesOf(clock: Clock, lcore: number) {
  return { turbo: clock.table.turbo !== undefined, priority: clock.priority.has(lcore) };
}

const NO_EVENTS = { clocksChanged() {}, drift() {} };
const NO_CAPABILITIES = { turbo: false, priority: false };

function onExit({ keep }: CpufreqEnvironmentOptions): "keep" | "restore" {
  return keep ? "keep" : "restore";
}

/** The position of a CPU that an earlier process left at one speed; undefined if the kernel chooses the speed. */
function found(cpufreq: Cpufreq, lcore: number, { table }: Clock): Position | undefined {
  const seen = cpufreq.observe(lcore);
  if (seen === undefined) return undefined;
  const khz = seen.minKhz === seen.maxKhz ? seen.maxKhz : seen.currentKhz;
  if (khz === undefined || (seen.governor !== "userspace" && seen.minKhz !== seen.maxKhz)) return undefined;
  const base = table.turbo?.baseIndex ?? 0;
  const place = positionOf(table, khz, false);
  return place === undefined
    ? undefined
    : { ...place, turbo: place.index < base || table.turbo?.onAtStart === true };
}
