import { BUCKETS, type Histogram, quantileNs } from "../../base/histogram.ts";
import type { Log } from "../../base/log.ts";
import type { Channels } from "../../channels/channels.ts";
import type { Config } from "../../config/config.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";
import { addTime, type VmTimes } from "../../ledger/vm-times.ts";
import type { Alarm } from "../alarm.ts";
import { shareOf } from "../history/share.ts";
import type { Clocks } from "../host/clocks.ts";
import type { ServedVms } from "../host/served-vms.ts";
import { KeptLines } from "../kept-lines.ts";
import { eachStep, finish, type Job, type LoopSlices } from "../operators/loop-slices.ts";
import type { Meters } from "../packet/meters.ts";
import type { TurnClock } from "../turn-clock.ts";
import { emptyVm, type Sample, sampleText, type VmSample } from "./sample.ts";
import type { Usage } from "./usage.ts";

const ALARM = "usage";

/** How often a sample is taken, in ms. */
export const SAMPLE_MS = 600_000;

/** The parts that samples are made of. */
interface Used {
  readonly alarm: Pick<Alarm, "after">;
  readonly channels: Pick<Channels, "of">;
  readonly clocks: Pick<Clocks, "counters" | "driftCount">;
  readonly cpufreq: Pick<Cpufreq, "clocks">;
  readonly meters: Pick<Meters, "all">;
  readonly slices: Pick<LoopSlices, "run">;
  readonly time: TurnClock;
  readonly usage: Usage;
  readonly vms: Pick<ServedVms, "domains">;
}

/** What was counted of a VM at the last sample. */
interface Mark {
  readonly times: VmTimes;
  readonly states: ReadonlyMap<number, number>;
  readonly transitions: number;
  readonly requests: VmTimes["requests"];
  readonly latency: Histogram | undefined;
  readonly counts: Float64Array;
}

/** What was counted of the host. */
interface HostMark {
  readonly atMs: number;
  readonly states: ReadonlyMap<number, number>;
  readonly transitions: number;
  readonly drifts: number;
  readonly writesRefused: number;
}

/** Remembers what VMs and clocks did, a line every ten minutes, for reports. */
export class UsageSamples {
  readonly #file: KeptLines;
  readonly #parts: () => Used;
  readonly #vms = new Map<string, Mark>();
  #host: HostMark | undefined;

  constructor(file: KeptLines, parts: () => Used) {
    this.#file = file;
    this.#parts = parts;
  }

  /** Begins to take samples. */
  begin(): void {
    this.#host = finish(hostMark(this.#parts()));
    this.#wake();
  }

  /** What was written, the oldest first. */
  texts(): Iterable<string> {
    return this.#file.texts();
  }

  /**
   * What was counted since the last sample. It is not written: whoever may read the state could push out the past by asking
   * again and again.
   */
  *peek(): Job<Sample | undefined> {
    return yield* this.#sample({ isKept: false });
  }

  /** Takes the last sample, whole in this turn. */
  close(): void {
    finish(this.#take());
  }

  *#take(): Job<void> {
    const sample = yield* this.#sample({ isKept: true });
    if (sample !== undefined) this.#file.append([sampleText(sample)]);
  }

  #wake(): void {
    const { alarm, slices } = this.#parts();
    alarm.after(ALARM, SAMPLE_MS, () => {
      this.#wake();
      // It is cut short if the daemon ends, which takes the last sample.
      Promise.resolve(slices.run(this.#take())).catch(() => {});
    });
  }

  *#sample({ isKept }: { readonly isKept: boolean }): Job<Sample | undefined> {
    const before = this.#host;
    const now = yield* hostMark(this.#parts());
    if (before === undefined) return undefined;
    const { usage } = this.#parts();
    const taken = yield* eachStep(usage.vms.names(), (name) => this.#takeVm(name, isKept));
    if (isKept) {
      this.#host = now;
      this.#forget();
    }
    const host = {
      states: difference(now.states, before.states),
      transitions: Math.max(0, now.transitions - before.transitions),
    };
    const drifts = now.drifts - before.drifts;
    const writesRefused = now.writesRefused - before.writesRefused;
    const active = taken.flat();
    if (active.length === 0 && host.transitions + drifts + writesRefused === 0) return undefined;
    return {
      ...{ fromMs: before.atMs, atMs: now.atMs, host, drifts, writesRefused },
      vms: new Map(active),
    };
  }

  /** Forgets VMs that ended. */
  #forget(): void {
    const { channels, usage, vms } = this.#parts();
    usage.vms.forget((vm) => vms.domains.has(vm) || channels.of(vm).length > 0);
    const known = new Set(usage.vms.names());
    for (const vm of this.#vms.keys()) if (!known.has(vm)) this.#vms.delete(vm);
  }

  /** What a VM did since the last sample; nothing if it neither ran nor asked. */
  #takeVm(name: string, isKept: boolean): [string, VmSample][] {
    const { meters, time, usage } = this.#parts();
    const times = usage.vms.of(name, time().monoMs);
    if (times === undefined) return [];
    const known = this.#vms.get(name);
    const before = known?.times === times ? known : undefined;
    const latency = meters.all.get(name)?.latency;
    const mark = {
      ...{ times, latency, states: new Map(times.states), transitions: times.transitions },
      ...{ requests: { ...times.requests }, counts: latency?.counts.slice() ?? new Float64Array(BUCKETS) },
    };
    if (isKept) this.#vms.set(name, mark);
    const sample = emptyVm();
    for (const outcome of ["granted", "bounded", "held", "refused"] as const)
      sample.requests[outcome] = mark.requests[outcome] - (before?.requests[outcome] ?? 0);
    for (const [khz, seconds] of difference(mark.states, before?.states))
      addTime(sample.states, khz, seconds);
    sample.transitions = mark.transitions - (before?.transitions ?? 0);
    // A VM that was unknown for a while has other measurements.
    const counted = before?.latency === latency ? before?.counts : undefined;
    const counts = mark.counts.map((count, bucket) => count - (counted?.[bucket] ?? 0));
    sample.p99Ns = quantileNs(counts, 0.99) ?? 0;
    sample.worstNs = quantileNs(counts, 1) ?? 0;
    const { granted, bounded, held, refused } = sample.requests;
    return sample.states.size + granted + bounded + held + refused === 0 ? [] : [[name, sample]];
  }
}

function* hostMark({ clocks, cpufreq, time, usage }: Used): Job<HostMark> {
  const states = new Map<number, number>();
  let transitions = 0;
  for (const { id, pcpus } of cpufreq.clocks()) {
    const times = usage.clocks.of(id, time().monoMs);
    yield;
    if (times === undefined) continue;
    transitions += times.transitions;
    for (const [state, khz] of times.states.entries())
      if ((times.seconds[state] ?? 0) > 0) addTime(states, khz, pcpus.length * (times.seconds[state] ?? 0));
  }
  const { writesRefused } = clocks.counters;
  return { atMs: time().wallMs, states, transitions, drifts: clocks.driftCount, writesRefused };
}

/** What was added to each state. A clock that went away may have taken some of it along. */
function difference(
  now: ReadonlyMap<number, number>,
  before: ReadonlyMap<number, number> | undefined,
): Map<number, number> {
  const more = [...now].map(([khz, seconds]): [number, number] => [khz, seconds - (before?.get(khz) ?? 0)]);
  return new Map(more.filter(([, seconds]) => seconds > 0));
}

/** Opens the samples in the state directory; undefined if no history is kept. */
export function openSamples(
  { config, log }: { readonly config: () => Config; readonly log: Log },
  parts: () => Used,
): UsageSamples | undefined {
  const { stateDirectory: directory, historyMegabytes } = config().daemon;
  if (historyMegabytes === 0) return undefined;
  const megabytes = shareOf(historyMegabytes).samples;
  return new UsageSamples(new KeptLines({ directory, name: "usage", megabytes, log }), parts);
}
