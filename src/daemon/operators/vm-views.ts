import { ControlError } from "../../admin/control.ts";
import type { Vcpu, Vm, VmSummary } from "../../admin/control-types.ts";
import type { Channel } from "../../channels/channel.ts";
import type { Parts } from "../parts.ts";
import { vmTimes } from "../usage/times-view.ts";
import { ORIGIN_WORDS } from "../words/domain-text.ts";
import { refusalRemedy } from "../words/refusal-text.ts";
import { contractView } from "./contract-views.ts";
import { eachStep, type Job } from "./loop-slices.ts";
import { policyView } from "./policy-views.ts";
import { channelView, vcpuView } from "./views.ts";

/** All known names: of VMs in the hypervisor, of VMs with a decision, and of VMs with a socket. */
export function vmNames({ vms, store, channels }: Parts): string[] {
  const names = new Set([...vms.domains.keys(), ...store.vmNames()]);
  for (const { vm } of channels.list()) names.add(vm);
  return [...names].sort();
}

/** Checks that a VM's name is known. */
export function knownVm(vm: string, parts: Parts): string {
  if (isKnown(vm, parts)) return vm;
  throw new ControlError("NoSuchVm", { vm });
}

/** Whether the hypervisor, an operator or a socket speaks of a VM. */
export function isKnown(vm: string, { vms, store, channels }: Parts): boolean {
  return vms.domains.has(vm) || store.knows(vm) || channels.of(vm).length > 0;
}

/** A VM in one line. */
export function vmSummary(name: string, { arbiter, channels, vms }: Parts): VmSummary {
  const domain = vms.domains.get(name);
  const own = channels.of(name);
  return {
    name,
    state: domain?.state ?? "absent",
    added: vms.isAdded(name),
    vcpus: domain?.pins.length ?? 0,
    channels: own.length,
    connected: own.filter((channel) => channel.status === "connected").length,
    claims: arbiter.domain(name)?.claims ?? 0,
  };
}

/** A VM with its vCPUs and channels. */
export function* showVm(name: string, parts: Parts): Job<Vm> {
  const { channels, vms } = parts;
  const domain = vms.domains.get(name);
  return {
    name,
    state: domain?.state ?? "absent",
    detail:
      domain === undefined ? parts.hypervisor.remedies.unknownDomain.reason : ORIGIN_WORDS[domain.origin],
    added: vms.isAdded(name),
    contract: contractView(vms.contracts.values(name)),
    vcpus: yield* eachStep(domain?.pins.entries() ?? [], ([vcpu, pcpus]) =>
      showVcpu(name, { vcpu, pcpus }, parts),
    ),
    channels: yield* eachStep(channels.of(name), (channel) => channelView(channel, parts)),
    threads: domain?.threads,
    policies: parts.arbiter.policies.list(name).map(policyView),
    times: vmTimes(name, parts),
  };
}

/** The channels of all VMs, ordered by VM and number. */
export function channelsInOrder({ channels }: Parts): Channel[] {
  const vms = new Set<string>();
  for (const { vm } of channels.list()) vms.add(vm);
  return [...vms].sort().flatMap((vm) => channels.of(vm));
}

/** A vCPU; if the VM is not served, only where it runs. */
function showVcpu(
  vm: string,
  known: Pick<Vcpu, "vcpu" | "pcpus">,
  { arbiter, hypervisor, time }: Parts,
): Vcpu {
  const seen = arbiter.vcpu(vm, known.vcpu);
  if (seen === undefined) return known;
  return vcpuView(seen, time(), (refusal) => refusalRemedy(refusal, vm, hypervisor.remedies.pin));
}
