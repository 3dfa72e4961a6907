import { wholeTable } from "../../arbiter/envelope.ts";
import { type Position, positionOf, start, step } from "../../arbiter/position.ts";
import type { Clock } from "../../base/clock.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Log } from "../../base/log.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";
import { openCpufreq } from "../../cpufreq/linux/open.ts";
import { survey } from "../../cpufreq/linux/survey.ts";
import { type Environment, notInitialised, notSupported } from "./environment.ts";
import { failure, granted, type Outcome } from "./outcome.ts";

/** How the machine's own clocks are treated. */
export interface CpufreqEnvironmentOptions {
  /** `/sys/devices/system/cpu`, or a tree like it. */
  readonly root: string;
  /** Where what was found is saved before it is changed, so that the next process can put it back after a crash. */
  readonly journalDirectory: string;
  /** Goes on from the speed that is found and leaves behind what was set; else all is put back at `exit`. */
  readonly keep: boolean;
  readonly log: Log;
}

/** The CPUs that can be scaled here, ascending. */
export function scalableCpus(root: string): readonly number[] {
  const { clocks } = survey(root, "all");
  return clocks.flatMap(({ members }) => members.map(({ pcpu }) => pcpu)).sort((a, b) => a - b);
}

/**
 * Scaling on bare metal: an lcore is a CPU. Each lcore has a place of its own in the table of its clock; where several
 * share a clock it runs as the fastest of them wants.
 */
export function cpufreqEnvironment(options: CpufreqEnvironmentOptions): Environment {
  let opened: Cpufreq | undefined;
  const lcores = new Map<number, { readonly clock: Clock; position: Position }>();

  function init(lcore: number): Outcome {
    if (lcores.has(lcore)) return failure("invalid", `lcore ${lcore} is initialised already`);
    opened ??= openCpufreq(
      { ...options, managed: "all", onExit: onExit(options), onDrift: "yield" },
      NO_EVENTS,
    );
    const clock = opened.clocks().find(({ pcpus }) => pcpus.includes(lcore));
    if (clock === undefined) {
      const reason = opened.unmanaged().find(({ pcpu }) => pcpu === lcore)?.reason ?? "no such CPU";
      const outcome = failure("no-port", `CPU ${lcore} cannot be scaled: ${reason}`);
      closeIfUnused();
      return outcome;
    }
    const from = options.keep ? found(opened, lcore, clock) : undefined;
    lcores.set(lcore, { clock, position: from ?? start(clock.table, wholeTable(clock.table)) });
    const outcome = options.keep ? granted() : settle(clock);
    if (outcome.kind !== "granted") forget(lcore);
    return outcome;
  }

  function forget(lcore: number): Outcome {
    const held = lcores.get(lcore);
    if (held === undefined) return notInitialised(lcore);
    lcores.delete(lcore);
    const outcome = options.keep ? granted() : settle(held.clock);
    const refused = closeIfUnused();
    return refused === undefined ? outcome : failure("refused", `Cannot put back a clock: ${refused}`);
  }

  function closeIfUnused(): string | undefined {
    if (lcores.size > 0) return undefined;
    const [refused] = opened?.close() ?? [];
    opened = undefined;
    return refused?.reason;
  }

  /** Makes a clock run as the fastest of its lcores wants; nobody's clock goes back to what was found. */
  function settle(clock: Clock): Outcome {
    const wanted = [...lcores.values()]
      .filter((held) => held.clock === clock)
      .map(({ position }) => position.index);
    const setting = wanted.length === 0 ? "baseline" : Math.min(...wanted);
    const refused = opened?.apply({ clock: clock.id, setting });
    if (refused === undefined) return granted();
    return failure(
      "refused",
      `The kernel refused to scale CPU ${formatCpuList(clock.pcpus)}: ${refused.reason}`,
    );
  }

  function move(lcore: number, to: (clock: Clock, from: Position) => Position | undefined): Outcome {
    const held = lcores.get(lcore);
    if (held === undefined) return notInitialised(lcore);
    const before = held.position;
    const after = to(held.clock, before);
    if (after === undefined) return failure("refused", `CPU ${lcore} has no turbo, or it is switched off`);
    held.position = after;
    const outcome = settle(held.clock);
    if (outcome.kind !== "granted") held.position = before;
    return outcome;
  }

  /** Tells something of one lcore, once it is initialised. */
  function tell<T>(lcore: number, what: (clock: Clock, position: Position) => T): Outcome<T> {
    const held = lcores.get(lcore);
    return held === undefined ? notInitialised(lcore) : granted(what(held.clock, held.position));
  }

  const all = <T>(of: number | "all", what: (clock: Clock, position: Position, lcore: number) => T) => {
    const end = of === "all" ? Math.max(-1, ...lcores.keys()) : of;
    return Array.from({ length: end + 1 }, (_, lcore) => {
      const held = of === "all" || lcore === of ? lcores.get(lcore) : undefined;
      return held === undefined ? undefined : what(held.clock, held.position, lcore);
    });
  };
  const turbo = (clock: Clock, lcore: number) => ({
    turbo: clock.table.turbo !== undefined,
    priority: clock.priority.has(lcore),
  });

  return {
    lcores: () => scalableCpus(options.root),
    init: async (lcore) => init(lcore),
    exit: async (lcore) => forget(lcore),
    scale: async (lcore, action) =>
      move(lcore, ({ table }, from) => step(table, wholeTable(table), from, action)),
    freqs: (lcore) => tell(lcore, ({ table }) => table.speeds.map(({ peerKhz }) => peerKhz)),
    getFreq: (lcore) => tell(lcore, (_, { index }) => index),
    setFreq(lcore, index) {
      const held = lcores.get(lcore);
      if (held !== undefined && held.clock.table.speeds[index] === undefined)
        return failure(
          "invalid",
          `CPU ${lcore} has no speed ${index}, only ${held.clock.table.speeds.length}`,
        );
      return move(lcore, (_, from) => ({ ...from, index, bound: undefined }));
    },
    turboStatus: (lcore) => tell(lcore, (_, position) => position.turbo),
    getCapabilities: (lcore) => tell(lcore, (clock) => turbo(clock, lcore)),
    sendPolicy: async () => notSupported("There is no host to send a policy to"),
    removePolicy: async () => notSupported("There is no host to remove a policy from"),
    async queryFreqs(lcore, of) {
      if (!lcores.has(lcore)) return notInitialised(lcore);
      return granted(
        all(of, ({ table }, { index }, cpu) => opened?.observe(cpu)?.currentKhz ?? table.speeds[index]?.khz),
      );
    },
    async queryCaps(lcore, of) {
      if (!lcores.has(lcore)) return notInitialised(lcore);
      return granted(all(of, (clock, _, cpu) => turbo(clock, cpu)).map((caps) => caps ?? NO_CAPABILITIES));
    },
  };
}

const NO_EVENTS = { clocksChanged() {}, drift() {} };
const NO_CAPABILITIES = { turbo: false, priority: false };

function onExit({ keep }: CpufreqEnvironmentOptions): "keep" | "restore" {
  return keep ? "keep" : "restore";
}

/** Where a CPU stands that an earlier process left at one speed; undefined where the kernel chooses. */
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
