import type { Khz } from "../../base/domain.ts";
import { OWN_SETTINGS } from "../../ledger/clock-times.ts";
import { OTHERS, VMS_MAX } from "../../ledger/span.ts";
import { addTime, type VmTimes } from "../../ledger/vm-times.ts";
import { counter, type Family, type Labels, type Sample } from "../../metrics/openmetrics.ts";
import { eachStep, type Job } from "../operators/loop-slices.ts";
import type { Parts } from "../parts.ts";

/** Clocks with metrics of their own, the first ones of the host: each has up to 17 states. */
const CLOCKS_MAX = 512;

/** Metrics of the time at each speed, of changes, and of requests that did not get what they asked for. */
export function* timeFamilies(parts: Pick<Parts, "cpufreq" | "time" | "usage">): Job<Family[]> {
  return [...(yield* clockFamilies(parts)), ...(yield* vmFamilies(parts))];
}

function* clockFamilies({ cpufreq, time, usage }: Pick<Parts, "cpufreq" | "time" | "usage">): Job<Family[]> {
  const { monoMs } = time();
  const found = yield* eachStep(cpufreq.clocks().slice(0, CLOCKS_MAX), ({ id }) => {
    const times = usage.clocks.of(id, monoMs);
    if (times === undefined) return [];
    const states = times.states.map((khz, state): [Khz, number] => [khz, times.seconds[state] ?? 0]);
    return [{ labels: { cpu: id }, times, states }];
  });
  const clocks = found.flat();
  return [
    counter(
      "vmpower_cpu_speed_seconds",
      "Time of a clock, by its first CPU and the speed that was set; baseline is its original settings.",
      clocks.flatMap(({ labels, states }) => speedSamples(labels, states)),
    ),
    counter(
      "vmpower_cpu_transitions",
      "Settings of a clock that the kernel accepted.",
      clocks.map(({ labels, times }) => ({ labels, value: times.transitions })),
    ),
    counter(
      "vmpower_cpu_bounded_requests",
      "Granted requests for a clock that did not get what they asked for, by what kept them.",
      clocks.flatMap(({ labels, times }) => boundedSamples(labels, times)),
    ),
  ];
}

function* vmFamilies({ time, usage }: Pick<Parts, "time" | "usage">): Job<Family[]> {
  const { monoMs } = time();
  const names = usage.vms.names().sort();
  const found = yield* eachStep(names, (vm) => {
    const times = usage.vms.of(vm, monoMs);
    return times === undefined ? [] : [{ vm, times }];
  });
  const all = found.flat();
  const vms = all.slice(0, VMS_MAX).map(({ vm, times }) => ({ labels: { vm }, times }));
  const rest = all.slice(VMS_MAX).map(({ times }) => times);
  if (rest.length > 0) vms.push({ labels: { vm: OTHERS }, times: sumOf(rest) });
  return [
    counter(
      "vmpower_vm_speed_seconds",
      "Time of a VM's vCPUs together, by the speed that was set; baseline is the original settings.",
      vms.flatMap(({ labels, times }) => speedSamples(labels, times.states)),
    ),
    counter(
      "vmpower_vm_transitions",
      "Settings of the clocks of a VM's vCPUs that the kernel accepted.",
      vms.map(({ labels, times }) => ({ labels, value: times.transitions })),
    ),
    counter(
      "vmpower_vm_bounded_requests",
      "Granted requests of a VM that did not get what they asked for, by what kept them.",
      vms.flatMap(({ labels, times }) => boundedSamples(labels, times.requests)),
    ),
  ];
}

function sumOf(all: readonly VmTimes[]): VmTimes {
  const states = new Map<Khz, number>();
  const requests = { granted: 0, bounded: 0, held: 0, refused: 0 };
  let transitions = 0;
  for (const each of all) {
    for (const [khz, seconds] of each.states) addTime(states, khz, seconds);
    requests.bounded += each.requests.bounded;
    requests.held += each.requests.held;
    transitions += each.transitions;
  }
  return { states, requests, transitions, sinceMs: 0 };
}

/** Only states that there was time in. */
function speedSamples(labels: Labels, states: Iterable<readonly [Khz, number]>): Sample[] {
  return [...states].flatMap(([khz, seconds]) =>
    seconds > 0
      ? [{ labels: { ...labels, hertz: khz === OWN_SETTINGS ? "baseline" : khz * 1000 }, value: seconds }]
      : [],
  );
}

function boundedSamples(
  labels: Labels,
  { bounded, held }: { readonly bounded: number; readonly held: number },
): Sample[] {
  return [
    { labels: { ...labels, by: "limit" }, value: bounded },
    { labels: { ...labels, by: "hold" }, value: held },
  ];
}
