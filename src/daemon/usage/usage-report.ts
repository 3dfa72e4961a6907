import type { Usage as Report, UsageChoice, UsagePoint, VmUsage } from "../../admin/control-types.ts";
import { readLines } from "../history/read-lines.ts";
import { eachStep, type Job } from "../operators/loop-slices.ts";
import type { Parts } from "../parts.ts";
import {
  addTimes,
  addVm,
  emptyVm,
  readSample,
  type Sample,
  type SampleTimes,
  type VmSample,
} from "./sample.ts";
import { stateTimes } from "./times-view.ts";
import { SAMPLE_MS } from "./usage-samples.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The most samples that one answer is made of, the newest: ten weeks. */
const SAMPLES_MAX = 10_080;

/** The most points of one answer, and VMs; of further VMs those that came first are told. */
const POINTS_MAX = 168;
const VMS_MAX = 1000;

/** A point that is being added up. */
interface Sums {
  readonly fromMs: number;
  readonly vms: VmSample;
  readonly host: SampleTimes;
  drifts: number;
  writesRefused: number;
}

/** What VMs and clocks did between two times. */
export function* usageReport(
  choice: UsageChoice,
  { samples, time }: Pick<Parts, "samples" | "time">,
): Job<Report> {
  const toMs = choice.toMs ?? time().wallMs;
  const fromMs = Math.min(toMs, choice.fromMs ?? toMs - DAY_MS);
  const lines: string[] = [];
  let omitted = 0;
  const keptFromMs = yield* readLines(samples?.texts() ?? [], { fromMs, toMs }, (line) => {
    lines.push(line);
    if (lines.length > 2 * SAMPLES_MAX) omitted += lines.splice(0, SAMPLES_MAX).length;
  });
  omitted += lines.splice(0, Math.max(0, lines.length - SAMPLES_MAX)).length;
  const sums = new UsageSums({ vm: choice.vm, fromMs, pointMs: pointLength(toMs - fromMs) });
  yield* eachStep(lines, (line) => {
    const sample = readSample(line);
    if (sample !== undefined) sums.add(sample);
  });
  const last = samples === undefined ? undefined : yield* samples.peek();
  if (last !== undefined && last.atMs >= fromMs && last.fromMs < toMs) sums.add(last);
  return { ...sums.view(), omitted, keptFromMs };
}

/** The time of one point: a whole number of samples, so that there are not too many. */
function pointLength(ms: number): number {
  return SAMPLE_MS * Math.max(1, Math.ceil(ms / SAMPLE_MS / POINTS_MAX));
}

class UsageSums {
  readonly #about: { readonly vm: string | undefined; readonly fromMs: number; readonly pointMs: number };
  readonly #points = new Map<number, Sums>();
  readonly #vms = new Map<string, { readonly sum: VmSample; worstAtMs: number }>();
  readonly #all = sumsFrom(0);
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = 0;

  constructor(about: { readonly vm: string | undefined; readonly fromMs: number; readonly pointMs: number }) {
    this.#about = about;
  }

  add(sample: Sample): void {
    const { vm: chosen, fromMs, pointMs } = this.#about;
    this.#fromMs = Math.min(this.#fromMs, sample.fromMs);
    this.#toMs = Math.max(this.#toMs, sample.atMs);
    const middleMs = (Math.max(fromMs, sample.fromMs) + sample.atMs) / 2;
    const at = Math.max(0, Math.floor((middleMs - fromMs) / pointMs));
    const point = this.#points.get(at) ?? sumsFrom(fromMs + at * pointMs);
    this.#points.set(at, point);
    for (const sums of [point, this.#all]) {
      addTimes(sums.host, sample.host);
      sums.drifts += sample.drifts;
      sums.writesRefused += sample.writesRefused;
    }
    for (const [name, vm] of sample.vms) {
      if (chosen !== undefined && name !== chosen) continue;
      addVm(point.vms, vm);
      addVm(this.#all.vms, vm);
      this.#addVm(name, vm, sample.atMs);
    }
  }

  #addVm(name: string, vm: VmSample, atMs: number): void {
    const known = this.#vms.get(name) ?? { sum: emptyVm(), worstAtMs: atMs };
    if (!this.#vms.has(name) && this.#vms.size >= VMS_MAX) return;
    if (vm.worstNs > known.sum.worstNs) known.worstAtMs = atMs;
    addVm(known.sum, vm);
    this.#vms.set(name, known);
  }

  view(): Omit<Report, "omitted" | "keptFromMs"> {
    const { pointMs } = this.#about;
    const points = [...this.#points.values()].sort((a, b) => a.fromMs - b.fromMs);
    const hasAny = points.length > 0;
    return {
      fromMs: Math.round(hasAny ? this.#fromMs : this.#about.fromMs),
      toMs: Math.round(hasAny ? this.#toMs : this.#about.fromMs),
      host: this.#host(this.#all),
      points: points.map((sums) => this.#point(sums, pointMs)),
      vms: [...this.#vms].map(([vm, { sum, worstAtMs }]) => vmUsage(vm, sum, worstAtMs)),
    };
  }

  #host({ host, drifts, writesRefused }: Sums): Report["host"] {
    return { states: stateTimes(host.states), transitions: host.transitions, drifts, writesRefused };
  }

  /** Of one VM, the states of a point are its own. */
  #point(sums: Sums, pointMs: number): UsagePoint {
    const { fromMs, vms, host, drifts, writesRefused } = sums;
    const times = this.#about.vm === undefined ? host : vms;
    return {
      ...{ fromMs: Math.round(fromMs), toMs: Math.round(fromMs + pointMs), ...vms.requests },
      ...{ transitions: times.transitions, drifts, writesRefused, states: stateTimes(times.states) },
      ...latencyOf(vms),
    };
  }
}

function sumsFrom(fromMs: number): Sums {
  return { fromMs, vms: emptyVm(), host: { states: new Map(), transitions: 0 }, drifts: 0, writesRefused: 0 };
}

function vmUsage(vm: string, sum: VmSample, worstAtMs: number): VmUsage {
  const { requests, transitions, states } = sum;
  const worst = sum.worstNs === 0 ? undefined : Math.round(worstAtMs);
  return {
    ...{ vm, ...requests, transitions, states: stateTimes(states) },
    ...latencyOf(sum),
    worstAtMs: worst,
  };
}

function latencyOf({ p99Ns, worstNs }: VmSample): { p99Us: number | undefined; worstUs: number | undefined } {
  const us = (ns: number) => (ns === 0 ? undefined : ns / 1000);
  return { p99Us: us(p99Ns), worstUs: us(worstNs) };
}
