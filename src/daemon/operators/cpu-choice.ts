import { ControlError } from "../../admin/control.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { Parts } from "../parts.ts";

/** The CPUs of a call: all if none is named. Every named CPU must exist. */
export function chosenCpus(cpus: readonly Pcpu[] | undefined, parts: Parts): readonly Pcpu[] {
  return cpus === undefined ? allCpus(parts).sort((a, b) => a - b) : knownCpus(cpus, parts);
}

/** The named CPUs, if all of them exist. */
export function knownCpus(cpus: readonly Pcpu[], parts: Parts): readonly Pcpu[] {
  const known = new Set(allCpus(parts));
  const missing = cpus.find((pcpu) => !known.has(pcpu));
  if (missing !== undefined) throw new ControlError("NoSuchCpu", { cpu: missing });
  return cpus;
}

function allCpus({ cpufreq }: Parts): Pcpu[] {
  return [...cpufreq.clocks().flatMap(({ pcpus }) => pcpus), ...cpufreq.unmanaged().map(({ pcpu }) => pcpu)];
}
