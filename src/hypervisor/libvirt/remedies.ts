import type { Remedies } from "../remedies.ts";

/** What can be done with libvirt's own command. */
export const LIBVIRT_REMEDIES: Remedies = {
  pin: (domain, vcpu) => `virsh vcpupin ${domain} ${vcpu} CPU --live --config`,
  defineChannel: (domain, path) => `virsh edit ${domain}: <source mode='bind' path='${path}'/>`,
  unknownDomain: { reason: "the hypervisor knows no running VM of that name", remedy: "virsh list" },
};
