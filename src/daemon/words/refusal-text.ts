import type { Refusal } from "../../arbiter/view.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import type { Khz } from "../../base/domain.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { policyFaultText } from "../../wire/policy-fault.ts";

/** Describes why something was refused, without the VM's name. */
export function refusalText(refusal: Refusal): string {
  switch (refusal.code) {
    case "unknown-domain":
      return "the VM is not known";
    case "not-running":
      return "the VM is paused";
    case "vcpu-out-of-range":
      return `it has no vCPU ${refusal.vcpu}, only ${refusal.vcpus === 1 ? "1 vCPU" : `${refusal.vcpus} vCPUs`}`;
    case "vcpu-offline":
      return `vCPU ${refusal.vcpu} is offline`;
    case "not-pinned": {
      const { vcpu, pcpus, max } = refusal;
      return `vCPU ${vcpu} is not pinned: it floats over ${pcpus.length} CPUs (${formatCpuList(pcpus)}), at most ${max} are allowed`;
    }
    case "cpu-not-managed":
      return `CPU ${refusal.pcpu} is not managed`;
    case "cpu-reserved":
      return `CPU ${refusal.pcpu} is reserved (Reserved in [cpufreq])`;
    case "physical-cpu":
      return "it may not name physical CPUs";
    case "cpu-of-others":
      return `CPU ${refusal.pcpu} is not one of its CPUs`;
    case "too-many-askers":
      return `${refusal.max} users of this application want something already`;
    case "no-turbo":
      return `there is no turbo on CPU ${refusal.pcpu}, or it is switched off on the host`;
    case "turbo-forbidden":
      return "its contract forbids turbo";
    case "operation-forbidden":
      return `its contract does not allow "${refusal.action}"`;
    case "no-such-speed":
      return `${exactly(refusal.khz)} is outside its speeds, ${formatKhz(refusal.minKhz)} to ${formatKhz(refusal.maxKhz)}`;
    case "queries-off":
      return "queries are off";
    case "too-many-requests":
      return `its channel may ask ${refusal.perSecond} times a second`;
    case "quarantined":
      return quarantineText(refusal);
    case "not-answerable":
      return `vCPU ${refusal.vcpu} cannot be asked for, or has no managed CPU`;
    case "policy-fault":
      return `the guest policy ${policyFaultText(refusal.fault)}`;
    case "policy-forbidden":
      return `its contract forbids guest policies by ${refusal.kind}`;
    case "branch-ratio":
      return "a guest policy by branch ratio needs the performance counters of the CPU, which are not used";
    case "too-many-policies":
      return `operators have added ${refusal.max} policies for it, the most for one VM`;
    case "kernel-refused":
      return `the kernel refused the write (${refusal.reason})`;
  }
}

/** A speed that somebody typed. One that is far too low lacks its unit, so no digit is left out. */
function exactly(khz: Khz): string {
  return khz < 10_000 ? `${khz} kHz` : formatKhz(khz);
}

/** Describes why a channel is not heard, and for how long. */
export function quarantineText({ forMs, asked }: { readonly forMs: number; readonly asked: number }): string {
  return `its channel is quarantined for ${Math.ceil(forMs / 1000)} s, because it asked ${asked} times a second`;
}

/** How to pin a vCPU; undefined if the hypervisor cannot. */
export type PinRemedy = (vm: string, vcpu: number) => string | undefined;

/** Describes the remedy for a refusal. */
export function refusalRemedy(refusal: Refusal, vm: string, pin: PinRemedy): string | undefined {
  switch (refusal.code) {
    case "vcpu-out-of-range":
      return `vmpowerctl show-vm ${vm} shows its vCPUs`;
    case "not-pinned":
      return pin(vm, refusal.vcpu);
    case "cpu-not-managed":
    case "cpu-reserved":
      return `vmpowerctl show-cpu-freq ${refusal.pcpu} says why`;
    case "physical-cpu":
      return `set PhysicalCores=yes in [vm ${vm}] if it is trusted with every CPU`;
    case "turbo-forbidden":
      return `set Turbo=yes in [vm ${vm}]`;
    case "operation-forbidden":
      return `add ${refusal.action} to Operations in [vm ${vm}]`;
    case "policy-forbidden":
      return `set Policies= in [vm ${vm}]`;
    case "too-many-policies":
      return `vmpowerctl policy remove ${vm}`;
    case "no-such-speed":
      return `vmpowerctl show-cpu-freq ${refusal.pcpu} lists its speeds`;
    case "too-many-requests":
      return `more is allowed by RequestsPerSecond and Burst in [vm ${vm}]`;
    case "quarantined":
      return `vmpowerctl release-channels ${vm} ends it now`;
    case "queries-off":
      return `vmpowerctl set-query ${vm} enable`;
    default:
      return undefined;
  }
}
