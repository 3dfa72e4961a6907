import { ControlError } from "../../admin/control.ts";
import type { Vcpu, Vm, VmSummary } from "../../admin/control-types.ts";
import type { Channel } from "../../channels/channel.ts";
import type { Parts } from "../parts.ts";
import { ORIGIN_WORDS } from "../words/domain-text.ts";
import { refusalRemedy } from "../words/refusal-text.ts";
import { eachStep, type Job } from "./loop-slices.ts";
import { channelView, vcpuView } from "./views.ts";

/** Everything that has a name: what the hypervisor knows, what an operator decided about, what has a socket. */
export function vmNames({ vms, store, channels }: Parts): string[] {
  const names = new Set([...vms.domains.keys(), ...store.vmNames()]);
  for (const { vm } of channels.list()) names.add(vm);
  return [...names].sort();
}

/** A VM's name, if anybody knows it. */
export function knownVm(vm: string, parts: Parts): string {
  const { vms, store, channels } = parts;
  if (vms.domains.has(vm) || store.knows(vm) || channels.of(vm).length > 0) return vm;
  throw new ControlError("NoSuchVm", { vm });
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

/** A VM in full. */
export function* showVm(name: string, parts: Parts): Job<Vm> {
  const { channels, vms } = parts;
  const domain = vms.domains.get(name);
  return {
    name,
    state: domain?.state ?? "absent",
    detail:
      domain === undefined ? parts.hypervisor.remedies.unknownDomain.reason : ORIGIN_WORDS[domain.origin],
    added: vms.isAdded(name),
    contract: vms.contract(name),
    vcpus: yield* eachStep(domain?.pins.entries() ?? [], ([vcpu, pcpus]) =>
      showVcpu(name, { vcpu, pcpus }, parts),
    ),
    channels: yield* eachStep(channels.of(name), channelView),
  };
}

/** Channels of all VMs, by VM and number. */
export function channelsInOrder({ channels }: Parts): Channel[] {
  const vms = new Set<string>();
  for (const { vm } of channels.list()) vms.add(vm);
  return [...vms].sort().flatMap((vm) => channels.of(vm));
}

/** A vCPU; only where it runs, for a VM that is not served. */
function showVcpu(vm: string, known: Pick<Vcpu, "vcpu" | "pcpus">, { arbiter, hypervisor }: Parts): Vcpu {
  const seen = arbiter.vcpu(vm, known.vcpu);
  if (seen === undefined) return known;
  return vcpuView(seen, (refusal) => refusalRemedy(refusal, vm, hypervisor.remedies.pin));
}
