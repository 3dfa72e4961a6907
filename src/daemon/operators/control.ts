import type { Caller } from "../../admin/caller.ts";
import { type Control, ControlError } from "../../admin/control.ts";
import type { Cpu, CpuResult, FrequencyOrder } from "../../admin/control-types.ts";
import type { Pcpu } from "../../base/domain.ts";
import { exposition } from "../../metrics/openmetrics.ts";
import { metricFamilies } from "../metrics/families.ts";
import type { Parts } from "../parts.ts";
import { channelConfig } from "./channel-config.ts";
import { orderCpus, orderOf } from "./cpu-orders.ts";
import { domainOrders } from "./domain-orders.ts";
import { explainVcpu } from "./explain-vcpu.ts";
import { operatorName } from "./operator-acts.ts";
import { status } from "./status.ts";
import { verify } from "./verify.ts";
import { channelView, cpuView, explanationView } from "./views.ts";
import { load } from "./vm-load.ts";
import { decideChannels, decideVm, forgetVm, warningAbout } from "./vm-orders.ts";
import { channelsInOrder, knownVm, showVm, vmNames, vmSummary } from "./vm-views.ts";

const NAMED_IN_LINE_MAX = 4;

/** What operators may ask and order. */
export function control(parts: () => Parts): Control {
  const decide = (did: string, caller: Caller) => ({ did, caller, parts: parts() });
  return {
    GetStatus: () => status(parts()),
    ListVms: () => ({ vms: vmNames(parts()).map((name) => vmSummary(name, parts())) }),
    ShowVm: ({ vm }) => ({ vm: showVm(knownVm(vm, parts()), parts()) }),
    ListChannels: () => ({ channels: channelsInOrder(parts()).map(channelView) }),
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
    ListCpus: ({ cpus }) => ({ cpus: chosenCpus(cpus, parts()).map((pcpu) => showCpu(pcpu, parts())) }),
    SetCpuFreq: (order, caller) => ({ results: setCpuFreq(order, caller, parts()) }),
    SetQuery: ({ vm, enabled }, caller) =>
      decideVm(
        knownVm(vm, parts()),
        { query: enabled },
        decide(enabled ? "allowed queries of" : "forbade queries of", caller),
      ),
    Explain: ({ cpu }) =>
      explanationView(showCpu(cpu, parts()), parts().arbiter.clock(cpu), parts().clocks.drifts),
    ...domainOrders(parts),
    ...channelConfig(parts),
    ExplainVcpu: ({ vm, vcpu }) => explainVcpu(showVm(knownVm(vm, parts()), parts()), vcpu, parts()),
    Verify: async () => ({ cpus: await verify(parts()) }),
    Restore: ({ cpus }, caller) => ({ results: restore(chosenCpus(cpus, parts()), caller, parts()) }),
    GetMetrics: ({ format = "openmetrics" }) => ({ text: exposition(metricFamilies(parts()), format) }),
    GetLoad: ({ vms }) => load(parts(), vms),
    Record({ vms }, caller, subscriber) {
      parts().acts.tell(caller, `began to record the packets of ${namesText(vms)}`);
      return parts().recordings.begin(vms, subscriber);
    },
    Subscribe: (_parameters, _caller, subscriber) => parts().events.subscribe(subscriber),
  };
}

/** Names, or how many: a log line is no place for a thousand. */
function namesText(vms: readonly string[] | undefined): string {
  if (vms === undefined) return "all VMs";
  return vms.length > NAMED_IN_LINE_MAX ? `${vms.length} VMs` : vms.join(", ");
}

function chosenCpus(cpus: readonly Pcpu[] | undefined, { cpufreq }: Parts): readonly Pcpu[] {
  if (cpus !== undefined) return cpus;
  const all = [
    ...cpufreq.clocks().flatMap(({ pcpus }) => pcpus),
    ...cpufreq.unmanaged().map(({ pcpu }) => pcpu),
  ];
  return all.sort((a, b) => a - b);
}

function showCpu(pcpu: Pcpu, parts: Parts): Cpu {
  const view = cpuView(pcpu, parts);
  if (view === undefined) throw new ControlError("NoSuchCpu", { cpu: pcpu });
  return view;
}

function setCpuFreq(call: FrequencyOrder, caller: Caller, parts: Parts): readonly CpuResult[] {
  const { cpus, to, khz, hold, forSeconds } = call;
  if (to === "khz" && khz === undefined) throw new ControlError("InvalidParameter", { parameter: "khz" });
  for (const pcpu of cpus) showCpu(pcpu, parts);
  return orderCpus(
    cpus,
    { order: orderOf(call), hold, caller, who: operatorName(caller), forSeconds },
    parts,
  );
}

function restore(cpus: readonly Pcpu[], caller: Caller, parts: Parts): readonly CpuResult[] {
  for (const pcpu of cpus) showCpu(pcpu, parts);
  const managed = cpus.filter((pcpu) => parts.arbiter.clock(pcpu) !== undefined);
  const order = { order: "restore", hold: false, caller, who: operatorName(caller) } as const;
  return orderCpus(managed, order, parts);
}
