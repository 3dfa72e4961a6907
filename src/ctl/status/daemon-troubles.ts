import type { Status } from "../../admin/control-types.ts";
import { printable } from "../../terminal/text.ts";
import type { Trouble } from "../trouble.ts";

/** What is wrong with a daemon, apart from its channels. */
export function daemonTroubles(status: Status): Trouble[] {
  const troubles: Trouble[] = [];
  const { hypervisor } = status;
  if (hypervisor.state !== "connected") {
    const why = hypervisor.problem === undefined ? "" : `: ${printable(hypervisor.problem)}`;
    troubles.push({
      what: `The hypervisor is ${printable(hypervisor.state)}${why}`,
      remedy: `known VMs are served with the last known state${hypervisor.driver === "libvirt" ? "; systemctl status libvirtd virtqemud" : ""}`,
    });
  }
  if (hypervisor.note !== undefined) troubles.push({ what: printable(hypervisor.note), remedy: undefined });
  if (status.configProblem !== undefined) {
    const what = `The configuration was not reloaded: ${printable(status.configProblem)}`;
    troubles.push({ what, remedy: undefined });
  }
  if (status.attachProblem !== undefined)
    troubles.push({ what: printable(status.attachProblem), remedy: undefined });
  if (status.dryRun) {
    troubles.push({
      what: "This is a dry run: no CPU is changed",
      remedy: "DryRun=no in [cpufreq], and a restart",
    });
  }
  if (status.directoryProblem !== undefined) {
    const what = `${printable(status.channelDirectory)}: ${printable(status.directoryProblem)}`;
    troubles.push({ what, remedy: undefined });
  }
  if (status.cpusManaged === 0) {
    troubles.push({
      what: "No CPU can be scaled",
      remedy: "vmpowerctl show-cpu-freq tells why",
    });
  }
  return troubles;
}
