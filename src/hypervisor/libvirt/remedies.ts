import type { Remedies } from "../hypervisor.ts";

/** What an operator of libvirt can do, as commands of virsh. */
export const LIBVIRT_REMEDIES: Remedies = {
  pin: (vm, vcpu) => `virsh vcpupin ${vm} ${vcpu} CPU --live --config`,
};
