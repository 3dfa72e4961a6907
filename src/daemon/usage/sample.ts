import { jsonIn } from "../../base/attempt.ts";
import { isRecord } from "../../base/is-record.ts";
import { OTHERS, VMS_MAX } from "../../ledger/span.ts";
import { addTime, type Outcome } from "../../ledger/vm-times.ts";

/** How the vCPUs of a VM, or the CPUs of the host, ran in some minutes. */
export interface SampleTimes {
  /** Seconds by speed in kHz, 0 for the original settings. */
  readonly states: Map<number, number>;
  transitions: number;
}

/** What one VM did in some minutes. */
export interface VmSample extends SampleTimes {
  readonly requests: Record<Outcome, number>;
  /** Of the measured packets: what 99 of 100 took at most, and the slowest one, in ns; 0 without any. */
  p99Ns: number;
  worstNs: number;
}

/** What happened on a host in some minutes, on the wall clock. */
export interface Sample {
  readonly fromMs: number;
  readonly atMs: number;
  readonly host: SampleTimes;
  readonly drifts: number;
  readonly writesRefused: number;
  readonly vms: ReadonlyMap<string, VmSample>;
}

/** Numbers of a VM and of the host before their states. */
const VM_NUMBERS = 7;
const HOST_NUMBERS = 3;

/** A sample as a line of text. It begins with its time, as events do. */
export function sampleText({ fromMs, atMs, host, drifts, writesRefused, vms }: Sample): string {
  const numbers = [...bounded(vms)].map(([vm, { requests, transitions, p99Ns, worstNs, states }]) => {
    const { granted, bounded, held, refused } = requests;
    const latency = [p99Ns, worstNs].map((ns) => Math.round(ns / 1000));
    return [vm, [granted, bounded, held, refused, transitions, ...latency, ...flat(states)]];
  });
  return JSON.stringify({
    ...{ atMs: Math.round(atMs), fromMs: Math.round(fromMs) },
    host: [host.transitions, drifts, writesRefused, ...flat(host.states)],
    vms: Object.fromEntries(numbers),
  });
}

/** Reads a line; undefined for a torn one, or one that somebody else wrote. */
export function readSample(line: string): Sample | undefined {
  const value = jsonIn(line);
  if (!isRecord(value) || !isRecord(value["vms"])) return undefined;
  const { atMs, fromMs, host, vms } = value;
  const entries = Object.entries(value["vms"]);
  if (!isNumbers([atMs, fromMs], 2) || !isNumbers(host, HOST_NUMBERS) || !isRecord(vms)) return undefined;
  if (!entries.every(([, numbers]) => isNumbers(numbers, VM_NUMBERS))) return undefined;
  const [transitions = 0, drifts = 0, writesRefused = 0, ...states] = host;
  return {
    ...{ atMs: Number(atMs), fromMs: Number(fromMs), drifts, writesRefused },
    host: { transitions, states: unflat(states) },
    vms: new Map(entries.map(([vm, numbers]) => [vm, vmSample(numbers as number[])])),
  };
}

/** A VM that did nothing. */
export function emptyVm(): VmSample {
  const requests = { granted: 0, bounded: 0, held: 0, refused: 0 };
  return { requests, transitions: 0, p99Ns: 0, worstNs: 0, states: new Map() };
}

/** Adds to the times of a VM or of the host. */
export function addTimes(sum: SampleTimes, { states, transitions }: SampleTimes): void {
  sum.transitions += transitions;
  for (const [khz, seconds] of states) addTime(sum.states, khz, seconds);
}

/** Adds what a VM did. */
export function addVm(sum: VmSample, { requests, p99Ns, worstNs, ...times }: VmSample): void {
  addTimes(sum, times);
  for (const outcome of Object.keys(requests) as Outcome[]) sum.requests[outcome] += requests[outcome];
  sum.p99Ns = Math.max(sum.p99Ns, p99Ns);
  sum.worstNs = Math.max(sum.worstNs, worstNs);
}

/** The VMs that asked most; those beyond the limit share an entry. */
function bounded(vms: ReadonlyMap<string, VmSample>): Map<string, VmSample> {
  if (vms.size <= VMS_MAX) return new Map(vms);
  const asked = ({ requests }: VmSample) =>
    requests.granted + requests.bounded + requests.held + requests.refused;
  const ranked = [...vms].sort(([, a], [, b]) => asked(b) - asked(a));
  const kept = new Map(ranked.slice(0, VMS_MAX));
  const others = kept.get(OTHERS) ?? emptyVm();
  for (const [, vm] of ranked.slice(VMS_MAX)) addVm(others, vm);
  return kept.set(OTHERS, others);
}

function vmSample(numbers: readonly number[]): VmSample {
  const [
    granted = 0,
    bounded = 0,
    held = 0,
    refused = 0,
    transitions = 0,
    p99Us = 0,
    worstUs = 0,
    ...states
  ] = numbers;
  return {
    ...{ requests: { granted, bounded, held, refused }, transitions },
    ...{ p99Ns: p99Us * 1000, worstNs: worstUs * 1000, states: unflat(states) },
  };
}

/** MHz and whole seconds by turns: a line of 40 VMs has 4 kB, so that a week of them fits. */
function flat(states: ReadonlyMap<number, number>): number[] {
  return [...states].flatMap(([khz, seconds]) =>
    seconds < 0.5 ? [] : [Math.round(khz / 1000), Math.round(seconds)],
  );
}

function unflat(numbers: readonly number[]): Map<number, number> {
  const states = new Map<number, number>();
  for (let i = 0; i + 1 < numbers.length; i += 2)
    addTime(states, (numbers[i] as number) * 1000, numbers[i + 1] as number);
  return states;
}

function isNumbers(value: unknown, least: number): value is number[] {
  return (
    Array.isArray(value) &&
    value.length >= least &&
    value.every((each) => typeof each === "number" && Number.isFinite(each) && each >= 0)
  );
}
