import type { Pcpu } from "../../base/domain.ts";
import type { Cpufreq } from "../../cpufreq/cpufreq.ts";

/** The CPUs that the operator keeps for others, and those that share their clocks. */
export function reservedCpus(cpufreq: Pick<Cpufreq, "unmanaged">): Pcpu[] {
  return cpufreq.unmanaged().flatMap(({ pcpu, reserved }) => (reserved === true ? [pcpu] : []));
}
