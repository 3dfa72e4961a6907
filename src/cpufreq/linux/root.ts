import fs from "node:fs";
import type { Pcpu } from "../../base/domain.ts";
import { readHost } from "./host.ts";
import { attempt, looked } from "./sysfs-file.ts";

/** What is found below a root. */
export interface RootLook {
  /** Its CPUs, ascending. */
  readonly pcpus: readonly Pcpu[];
  /** Whether the kernel lets the clock of any of them be changed. */
  readonly hasCpufreq: boolean;
  /** Why it cannot be a root of CPUs. */
  readonly problem: string | undefined;
}

/** Looks at a directory that is to be `/sys/devices/system/cpu`, or a tree like it. */
export function lookAtRoot(root: string): RootLook {
  const found = looked((): RootLook => {
    const stat = attempt(() => fs.statSync(root));
    if (stat === undefined) return unusable("there is no such directory");
    if (!stat.isDirectory()) return unusable("it is not a directory");
    const { pcpus } = readHost(root);
    if (pcpus.length === 0) return unusable("it has no CPUs (cpu0, cpu1, …)");
    const hasCpufreq = pcpus.some((pcpu) => attempt(() => fs.statSync(`${root}/cpu${pcpu}/cpufreq`)));
    return { pcpus, hasCpufreq, problem: undefined };
  });
  return found.ok ? found.value : unusable(`it cannot be looked at (${found.why})`);
}

function unusable(problem: string): RootLook {
  return { pcpus: [], hasCpufreq: false, problem };
}
