import type { Remedies } from "../remedies.ts";

/** Remedies for VMs that only QEMU and the kernel know. */
export const QEMU_REMEDIES: Remedies = {
  pin: (_domain, vcpu) =>
    `taskset -p -c CPU TID, with the number of its thread "CPU ${vcpu}/KVM" from ps -T, or affinity= in Proxmox`,
  defineChannel: (domain) =>
    `vmpowerctl channel-config ${domain} --format qemu prints the options for its command line`,
  unknownDomain: {
    reason: "no QEMU of that name runs, or it is not served",
    remedy: "vmpowerctl status; pgrep -af qemu",
  },
};
