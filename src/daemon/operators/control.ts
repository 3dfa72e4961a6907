import type { Caller } from "../../admin/caller.ts";
import { type Control, ControlError } from "../../admin/control.ts";
import type { Channel, Cpu, CpuResult, FrequencyOrder, Vm, VmSummary } from "../../admin/control-types.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { Format } from "../../metrics/openmetrics.ts";
import { energyReport } from "../energy/energy-report.ts";
import { historyReport } from "../history/history-report.ts";
import { metricsText } from "../metrics/metrics-text.ts";
import type { Parts } from "../parts.ts";
import { clockTimes } from "../usage/times-view.ts";
import { usageReport } from "../usage/usage-report.ts";
import { askerOrders } from "./asker-orders.ts";
import { channelConfig } from "./channel-config.ts";
import { contractMethods } from "./contract-methods.ts";
import { withoutQuery } from "./contract-orders.ts";
import { chosenCpus } from "./cpu-choice.ts";
import { orderCpus, orderOf } from "./cpu-orders.ts";
import { domainOrders } from "./domain-orders.ts";
import { explainVcpu } from "./explain-vcpu.ts";
import { listHolds } from "./holds.ts";
import { eachStep, type Job } from "./loop-slices.ts";
import { operatorName } from "./operator-acts.ts";
import { policyOrders } from "./policy-orders.ts";
import { RunHolds } from "./run-holds.ts";
import { stateOrders } from "./state-orders.ts";
import { status } from "./status.ts";
import { verify } from "./verify.ts";
import { channelView, cpuView, explanationView } from "./views.ts";
import { load } from "./vm-load.ts";
import { decideChannels, decideVm, forgetVm, releaseChannels, warningAbout } from "./vm-orders.ts";
import { channelsInOrder, knownVm, showVm, vmNames, vmSummary } from "./vm-views.ts";

const NAMED_IN_LINE_MAX = 4;

/** The most VMs that are shown as users of a CPU. */
const USERS_SHOWN_MAX = 8;

/** The methods for operators. */
export function control(parts: () => Parts): Control {
  const run = <T>(job: Job<T>) => parts().slices.run(job);
  const runHolds = new RunHolds(parts);
  const decide = (did: string, caller: Caller) => ({ did, caller, parts: parts() });
  return {
    GetStatus: () => run(status(parts())),
    ListVms: () => run(listVms(parts())),
    ShowVm: ({ vm }) => run(showKnownVm(vm, parts())),
    ListChannels: () => run(listChannels(parts())),
    AddVm: ({ vm }, caller) => ({
      ...decideVm(vm, { added: true }, decide("added", caller)),
      warning: warningAbout(vm, parts()),
    }),
    RemoveVm: ({ vm }, caller) => decideVm(knownVm(vm, parts()), { added: false }, decide("removed", caller)),
    ForgetVm: ({ vm }, caller) => forgetVm(knownVm(vm, parts()), caller, parts()),
    AddChannels: (order, caller) => decideChannels({ ...order, decision: undefined }, caller, parts()),
    RemoveChannels: (order, caller) => decideChannels({ ...order, decision: "removed" }, caller, parts()),
    SetChannelStatus: ({ enabled, ...order }, caller) =>
      decideChannels({ ...order, decision: enabled ? undefined : "disabled" }, caller, parts()),
    ReleaseChannels: (order, caller) => releaseChannels(order, caller, parts()),
    ListCpus: ({ cpus }) => run(listCpus(cpus, parts())),
    HoldCpus: (order, caller, subscriber) => runHolds.begin(order, { caller, subscriber }),
    ListHolds: () => run(listHolds(parts())),
    SetCpuFreq: (order, caller) => run(setCpuFreq(order, caller, parts())),
    SetQuery: ({ vm, enabled }, caller) =>
      decideVm(
        knownVm(vm, parts()),
        { query: enabled, ...withoutQuery(vm, parts()) },
        decide(enabled ? "allowed queries of" : "forbade queries of", caller),
      ),
    ...contractMethods(parts),
    Explain: ({ cpu }) => ({
      ...explanationView(showCpu(cpu, parts()), parts().arbiter.clock(cpu), parts().clocks.drifts),
      usedBy: parts().arbiter.parking.usersOf(cpu, USERS_SHOWN_MAX),
      times: clockTimes(cpu, parts()),
    }),
    ...domainOrders(parts),
    ...channelConfig(parts),
    ...policyOrders(parts),
    ...stateOrders(parts),
    ...askerOrders(parts),
    ExplainVcpu: ({ vm, vcpu }) => run(explainVcpu(knownVm(vm, parts()), vcpu, parts())),
    Verify: () => run(verify(parts())),
    Restore: ({ cpus }, caller) => run(restore(cpus, caller, parts())),
    GetMetrics: ({ format = "openmetrics" }) => run(showMetrics(format, parts())),
    GetEnergy: (choice) => run(energyReport(choice, parts())),
    GetHistory: (choice) => run(historyReport(choice, parts())),
    GetUsage: (choice) => run(usageReport(choice, parts())),
    GetLoad: ({ vms }) => run(load(parts(), vms)),
    Record({ vms }, caller, subscriber) {
      parts().acts.report(caller, `began to record the packets of ${namesText(vms)}`);
      return parts().recordings.begin(vms, subscriber);
    },
    Subscribe: (_parameters, _caller, subscriber) => parts().events.subscribe(subscriber),
  };
}

/** Names, or their number if they are too many for a log line. */
function namesText(vms: readonly string[] | undefined): string {
  if (vms === undefined) return "all VMs";
  return vms.length > NAMED_IN_LINE_MAX ? `${vms.length} VMs` : vms.join(", ");
}

function* listVms(parts: Parts): Job<{ vms: VmSummary[] }> {
  return { vms: yield* eachStep(vmNames(parts), (name) => vmSummary(name, parts)) };
}

function* showKnownVm(vm: string, parts: Parts): Job<{ vm: Vm }> {
  return { vm: yield* showVm(knownVm(vm, parts), parts) };
}

function* listChannels(parts: Parts): Job<{ channels: Channel[] }> {
  return { channels: yield* eachStep(channelsInOrder(parts), (channel) => channelView(channel, parts)) };
}

function* listCpus(cpus: readonly Pcpu[] | undefined, parts: Parts): Job<{ cpus: Cpu[] }> {
  return { cpus: yield* eachStep(chosenCpus(cpus, parts), (pcpu) => showCpu(pcpu, parts)) };
}

function* showMetrics(format: Format, parts: Parts): Job<{ text: string }> {
  return { text: yield* metricsText(format, parts) };
}

function showCpu(pcpu: Pcpu, parts: Parts): Cpu {
  const view = cpuView(pcpu, parts);
  if (view === undefined) throw new ControlError("NoSuchCpu", { cpu: pcpu });
  return view;
}

function* setCpuFreq(
  call: FrequencyOrder,
  caller: Caller,
  parts: Parts,
): Job<{ results: readonly CpuResult[] }> {
  const { cpus, to, khz, hold, forSeconds, reason } = call;
  if (to === "khz" && khz === undefined) throw new ControlError("InvalidParameter", { parameter: "khz" });
  const order = { order: orderOf(call), hold, caller, who: operatorName(caller), forSeconds, reason };
  return { results: yield* orderCpus(chosenCpus(cpus, parts), order, parts) };
}

function* restore(
  cpus: readonly Pcpu[] | undefined,
  caller: Caller,
  parts: Parts,
): Job<{ results: readonly CpuResult[] }> {
  const managed = new Set(parts.cpufreq.clocks().flatMap(({ pcpus }) => pcpus));
  const chosen = chosenCpus(cpus, parts).filter((pcpu) => managed.has(pcpu));
  const order = { order: "restore", hold: false, caller, who: operatorName(caller) } as const;
  return { results: yield* orderCpus(chosen, order, parts) };
}
