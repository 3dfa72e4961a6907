import fs from "node:fs";
import { parseCpuList } from "../../base/cpu-list.ts";
import type { Pcpu } from "../../base/domain.ts";
import { affinityOf } from "../../os/affinity.ts";
import { endedProcesses, openPidfd } from "../../os/pidfd.ts";
import type { Affinity } from "./threads.ts";

/** The CPUs that the host has; those that are offline are among them. */
const CPUS = "/sys/devices/system/cpu/present";

/** What the kernel tells about processes without a file. */
export interface Kernel {
  readonly affinity: Affinity;
  /** Holds a process, so that its number is not given to another one; undefined if it has ended. */
  hold(pid: number): number | undefined;
  release(pidfd: number): void;
  /** Those of the held processes that have ended. */
  ended(pidfds: readonly number[]): readonly number[];
  /** The CPUs that the host has. */
  cpus(): ReadonlySet<Pcpu>;
}

/** The kernel of this host. */
export function hostKernel(): Kernel {
  return {
    affinity: affinityOf,
    hold: openPidfd,
    release: (pidfd) => fs.closeSync(pidfd),
    ended: endedProcesses,
    cpus: () => new Set(parseCpuList(fs.readFileSync(CPUS, "utf8"))),
  };
}
