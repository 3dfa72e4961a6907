import type { Remedies } from "../remedies.ts";

/** Remedies with libvirt's own command, virsh. */
export const LIBVIRT_REMEDIES: Remedies = {
  pin: (domain, vcpu) => `virsh vcpupin ${domain} ${vcpu} CPU --live --config`,
  defineChannel: (domain, path) =>
    `virsh edit ${domain}: <source mode='bind' path='${path}'/>, or no <source>`,
  unknownDomain: { reason: "the hypervisor knows no running VM of that name", remedy: "virsh list" },
};
