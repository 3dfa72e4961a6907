import fs from "node:fs";
import type { Pcpu } from "../../base/domain.ts";
import { readHost } from "./host.ts";
import { ifThere, looked } from "./sysfs-file.ts";

/** What a root contains. */
export interface RootLook {
  /** Its CPUs, ascending. */
  readonly pcpus: readonly Pcpu[];
  /** Whether the kernel can change the clock of any CPU. */
  readonly hasCpufreq: boolean;
  /** Why it cannot be used as a root. */
  readonly problem: string | undefined;
}

/** Looks at a directory that should be `/sys/devices/system/cpu` or a tree like it. */
export function lookAtRoot(root: string): RootLook {
  const found = looked((): RootLook => {
    const stat = ifThere(() => fs.statSync(root));
    if (stat === undefined) return unusable("there is no such directory");
    if (!stat.isDirectory()) return unusable("it is not a directory");
    const { pcpus } = readHost(root);
    if (pcpus.length === 0) return unusable("it has no CPUs (cpu0, cpu1, …)");
    const hasCpufreq = pcpus.some((pcpu) => ifThere(() => fs.statSync(`${root}/cpu${pcpu}/cpufreq`)));
    return { pcpus, hasCpufreq, problem: undefined };
  });
  return found.ok ? found.value : unusable(`it cannot be read (${found.why})`);
}

function unusable(problem: string): RootLook {
  return { pcpus: [], hasCpufreq: false, problem };
}
