import { type Control, ControlError } from "../admin/control.ts";
import type { CpuResult, FrequencyOrder, Vm, VmSummary } from "../admin/control-types.ts";
import type { Arbiter } from "../arbiter/arbiter.ts";
import type { Order } from "../arbiter/operate.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Channel } from "../channels/channel.ts";
import type { Channels } from "../channels/channels.ts";
import type { Config } from "../config/config.ts";
import type { Cpufreq } from "../cpufreq/cpufreq.ts";
import type { Hypervisor } from "../hypervisor/hypervisor.ts";
import { exposition } from "../metrics/openmetrics.ts";
import { VERSION } from "../version.ts";
import { operate } from "./by-hand.ts";
import { channelConfig } from "./channel-config.ts";
import type { Clocks } from "./clocks.ts";
import { domainOrders } from "./domain-orders.ts";
import type { Events } from "./events.ts";
import { explainVcpu } from "./explain-vcpu.ts";
import { load } from "./load.ts";
import type { Meters } from "./meters.ts";
import { metricFamilies } from "./metrics.ts";
import type { OperatorStore } from "./operator-state.ts";
import type { Recordings } from "./recordings.ts";
import type { ServedVms } from "./served-vms.ts";
import type { Takeover } from "./takeover.ts";
import { verify } from "./verify.ts";
import { channelView, claimCount, cpuView, explanationView, sumCounters, vcpuView } from "./views.ts";

/** All parts of the daemon, for those who command them. */
export interface Parts {
  readonly config: () => Config;
  readonly arbiter: Arbiter;
  readonly clocks: Clocks;
  readonly cpufreq: Cpufreq;
  readonly channels: Channels;
  readonly hypervisor: Hypervisor;
  readonly vms: ServedVms;
  readonly store: OperatorStore;
  readonly events: Events;
  readonly meters: Meters;
  readonly recordings: Recordings;
  readonly takeover: Takeover;
  readonly startedAtMs: number;
}

/** What operators may ask and order. */
export function control(parts: () => Parts): Control {
  return {
    GetStatus: () => status(parts()),
    ListVms: () => ({ vms: vmNames(parts()).map((name) => vmSummary(name, parts())) }),
    ShowVm: ({ vm }) => ({ vm: showVm(known(vm, parts()), parts()) }),
    ListChannels: () => ({ channels: channelsInOrder(parts()).map(channelView) }),
    AddVm: ({ vm }) => ({ ...decideVm(vm, { added: true }, parts()), warning: warningAbout(vm, parts()) }),
    RemoveVm: ({ vm }) => decideVm(known(vm, parts()), { added: false }, parts()),
    ForgetVm: ({ vm }) => forgetVm(known(vm, parts()), parts()),
    AddChannels: ({ vm, channels }) => decideChannels(vm, channels, undefined, parts()),
    RemoveChannels: ({ vm, channels }) => decideChannels(vm, channels, "removed", parts()),
    SetChannelStatus: ({ vm, channels, enabled }) =>
      decideChannels(vm, channels, enabled ? undefined : "disabled", parts()),
    ListCpus: ({ cpus }) => ({ cpus: chosenCpus(cpus, parts()).map((pcpu) => showCpu(pcpu, parts())) }),
    SetCpuFreq: (order) => ({ results: setCpuFreq(order, parts()) }),
    SetQuery: ({ vm, enabled }) => decideVm(known(vm, parts()), { query: enabled }, parts()),
    Explain: ({ cpu }) =>
      explanationView(showCpu(cpu, parts()), parts().arbiter.clockOf(cpu), parts().clocks.drifts),
    ...domainOrders(parts),
    ...channelConfig(parts),
    ExplainVcpu: ({ vm, vcpu }) => explainVcpu(showVm(known(vm, parts()), parts()), vcpu, parts()),
    Verify: async () => ({ cpus: await verify(parts()) }),
    Restore: ({ cpus }) => ({ results: restore(chosenCpus(cpus, parts()), parts()) }),
    GetMetrics: ({ format = "openmetrics" }) => ({ text: exposition(metricFamilies(parts()), format) }),
    GetLoad: ({ vms }) => load(parts(), vms),
    Record: ({ vms }, _caller, subscriber) => parts().recordings.begin(vms, subscriber),
    Subscribe: (_parameters, _caller, subscriber) => parts().events.subscribe(subscriber),
  };
}

function channelsInOrder({ channels }: Parts): Channel[] {
  return [...channels.list()].sort((a, b) => a.vm.localeCompare(b.vm) || a.number - b.number);
}

function status(parts: Parts) {
  const { arbiter, channels, clocks, config, cpufreq, hypervisor, startedAtMs } = parts;
  const all = [...channels.list()];
  const problem = channels.problem();
  const domains = [...arbiter.domains.values()];
  return {
    version: VERSION,
    pid: process.pid,
    startedAtMs,
    hypervisor: hypervisor.status(),
    channelDirectory: config().channels.directory,
    directoryProblem: problem && [problem.reason, problem.remedy].filter(Boolean).join("; "),
    dryRun: config().cpufreq.dryRun || undefined,
    cpuRoot: config().cpufreq.root,
    vms: domains.length,
    channels: all.length,
    channelsConnected: all.filter((channel) => channel.status === "connected").length,
    channelsRefused: all.filter((channel) => channel.status === "refused").length,
    cpusManaged: cpufreq.clocks().reduce((sum, { pcpus }) => sum + pcpus.length, 0),
    cpusUnmanaged: cpufreq.unmanaged().length,
    claims: domains.reduce((sum, { vcpus }) => sum + claimCount(vcpus), 0),
    counters: { ...sumCounters(all), ...clocks.counters },
  };
}

/** Everything that has a name: what the hypervisor knows, what an operator decided about, what has a socket. */
function vmNames({ vms, store, channels }: Parts): string[] {
  const names = new Set([...vms.domains.keys(), ...store.vmNames()]);
  for (const { vm } of channels.list()) names.add(vm);
  return [...names].sort();
}

function known(vm: string, parts: Parts): string {
  if (vmNames(parts).includes(vm)) return vm;
  throw new ControlError("NoSuchVm", { vm });
}

function vmSummary(name: string, { arbiter, channels, vms }: Parts): VmSummary {
  const domain = vms.domains.get(name);
  const own = channels.of(name);
  return {
    name,
    state: domain?.state ?? "absent",
    added: vms.isAdded(name),
    vcpus: domain?.pins.length ?? 0,
    channels: own.length,
    connected: own.filter((channel) => channel.status === "connected").length,
    claims: claimCount(arbiter.domains.get(name)?.vcpus ?? []),
  };
}

function showVm(name: string, parts: Parts): Vm {
  const { arbiter, channels, vms } = parts;
  const domain = vms.domains.get(name);
  const claimants = arbiter.domains.get(name)?.vcpus;
  return {
    name,
    state: domain?.state ?? "absent",
    detail: domain?.detail ?? "the hypervisor knows no running VM of that name",
    added: vms.isAdded(name),
    contract: vms.contract(name),
    vcpus: claimants?.map(vcpuView) ?? domain?.pins.map((pcpus, vcpu) => ({ vcpu, pcpus })) ?? [],
    channels: channels.of(name).map(channelView),
  };
}

function decideVm(name: string, change: { added?: boolean; query?: boolean }, parts: Parts) {
  const kept = parts.store.setVm(name, change);
  if (!kept.ok) throw new ControlError("Refused", { reason: kept.why });
  parts.vms.decide(name);
  parts.channels.reconsider(name);
  parts.events.tell("operator", `${name}: ${JSON.stringify(change)}`, { vm: name });
  return {};
}

function warningAbout(vm: string, { vms }: Parts): string | undefined {
  if (vms.domains.has(vm)) return undefined;
  return `no VM of that name runs now; if it is misspelt, forget it: vmpowerctl forget-vm ${vm}`;
}

/** A VM that runs keeps its decisions: without them it would be served, or not, against the operator's word. */
function forgetVm(vm: string, { channels, events, store, vms }: Parts) {
  if (vms.domains.has(vm))
    throw new ControlError("Refused", {
      reason: `The hypervisor knows "${vm}"`,
      remedy: `vmpowerctl rm-vm ${vm} ends that it is served`,
    });
  const forgotten = store.forgetVm(vm);
  if (!forgotten.ok) throw new ControlError("Refused", { reason: forgotten.why });
  channels.reconsider(vm);
  events.tell("operator", `${vm}: what operators decided about it was forgotten`, { vm });
  return {};
}

function decideChannels(
  name: string,
  numbers: readonly number[] | undefined,
  decision: "removed" | "disabled" | undefined,
  parts: Parts,
) {
  const { channels, events, store, vms } = parts;
  known(name, parts);
  const own = channels.of(name);
  const found = new Set(own.map((channel) => channel.number));
  const chosen = numbers ?? [...found];
  for (const channel of chosen)
    if (!found.has(channel)) throw new ControlError("NoSuchChannel", { vm: name, channel });
  const decided = { ...store.vm(name).channels };
  for (const number of chosen) {
    if (decision === undefined) delete decided[number];
    else decided[number] = decision;
  }
  const kept = store.setVm(name, { channels: decided });
  if (!kept.ok) throw new ControlError("Refused", { reason: kept.why });
  for (const channel of own) channel.enabled = decided[channel.number] !== "disabled";
  vms.decide(name);
  channels.reconsider(name);
  events.tell("operator", `${name}: channels ${chosen.join(",")} ${decision ?? "enabled"}`, { vm: name });
  return { channels: chosen };
}

function chosenCpus(cpus: readonly Pcpu[] | undefined, { cpufreq }: Parts): readonly Pcpu[] {
  if (cpus !== undefined) return cpus;
  const all = [
    ...cpufreq.clocks().flatMap(({ pcpus }) => pcpus),
    ...cpufreq.unmanaged().map(({ pcpu }) => pcpu),
  ];
  return all.sort((a, b) => a - b);
}

function showCpu(pcpu: Pcpu, { arbiter, cpufreq }: Parts) {
  const view = cpuView(pcpu, arbiter, cpufreq);
  if (view === undefined) throw new ControlError("NoSuchCpu", { cpu: pcpu });
  return view;
}

function setCpuFreq({ cpus, to, khz, hold }: FrequencyOrder, parts: Parts): readonly CpuResult[] {
  if (to === "khz" && khz === undefined) throw new ControlError("InvalidParameter", { parameter: "khz" });
  const order: Order = to === "khz" ? { khz: khz ?? 0 } : to === "noTurbo" ? "no-turbo" : to;
  for (const pcpu of cpus) showCpu(pcpu, parts);
  return operate(cpus, order, hold, parts);
}

function restore(cpus: readonly Pcpu[], parts: Parts): readonly CpuResult[] {
  for (const pcpu of cpus) showCpu(pcpu, parts);
  const managed = cpus.filter((pcpu) => parts.arbiter.clockOf(pcpu) !== undefined);
  return operate(managed, "restore", false, parts);
}
