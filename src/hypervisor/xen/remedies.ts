import type { Remedies } from "../remedies.ts";

/** Remedies with Xen's own command, xl. */
export const XEN_REMEDIES: Remedies = {
  pin: (domain, vcpu) => `xl vcpu-pin ${domain} ${vcpu} CPU, and cpus= in its configuration`,
  defineChannel: (domain) =>
    `vmpowerctl channel-config ${domain} --format xl prints the channel= for its configuration`,
  unknownDomain: { reason: "Xen runs no VM of that name", remedy: "xl list" },
};
