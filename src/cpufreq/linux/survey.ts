import type { Pcpu } from "../../base/domain.ts";
import type { Result } from "../../base/result.ts";
import type { Errno } from "../../os/errno.ts";
import type { UnmanagedCpu } from "../cpufreq.ts";
import { type Host, readHost } from "./host.ts";
import { type ScannedCpu, scanCpu } from "./scan.ts";
import { looked } from "./sysfs-file.ts";
import { type FoundClock, findClocks, type Mismatch } from "./topology.ts";

/** The CPUs that the operator lets us change. */
export type Managed = "all" | readonly Pcpu[];

/** The result of one look at the host. */
export interface Survey {
  readonly host: Host;
  /** The result for each CPU, to compare it later. */
  readonly found: ReadonlyMap<Pcpu, ScannedCpu | string>;
  readonly clocks: readonly FoundClock[];
  readonly unmanaged: readonly UnmanagedCpu[];
  readonly mismatches: readonly Mismatch[];
}

/** Looks at every CPU of the host. A CPU that cannot be read for the moment is taken over from the survey `before`. */
export function survey(root: string, managed: Managed, before?: Survey): Survey {
  const read = looked(() => readHost(root));
  if (!read.ok) return before ?? emptySurvey(root);
  const host = read.value;
  const mayChange = managed === "all" ? undefined : new Set(managed);
  const found = new Map<Pcpu, ScannedCpu | string>();
  for (const pcpu of host.pcpus) {
    const cpu = look(host, pcpu, mayChange);
    found.set(pcpu, cpu.ok ? cpu.value : (before?.found.get(pcpu) ?? `it cannot be looked at (${cpu.why})`));
  }
  for (const pcpu of mayChange ?? []) if (!found.has(pcpu)) found.set(pcpu, "no such CPU");
  const scanned = [...found.values()].filter((cpu) => typeof cpu !== "string");
  const unmanaged = [...found]
    .flatMap(([pcpu, reason]) => (typeof reason === "string" ? [{ pcpu, reason }] : []))
    .sort((a, b) => a.pcpu - b.pcpu);
  return { host, found, unmanaged, ...findClocks(scanned) };
}

function emptySurvey(root: string): Survey {
  const host = { root, pcpus: [], turboPercent: undefined, boostOff: false, fingerprint: "" };
  return { host, found: new Map(), clocks: [], unmanaged: [], mismatches: [] };
}

/** Looks at one CPU as {@link survey} does, or returns why it could not. */
export function look(
  host: Host,
  pcpu: Pcpu,
  mayChange: ReadonlySet<Pcpu> | undefined,
): Result<ScannedCpu | string, Errno> {
  return looked(() => {
    if (mayChange !== undefined && !mayChange.has(pcpu)) return "not in ManagedCpus";
    const cpu = scanCpu(host, pcpu);
    if (typeof cpu === "string") return cpu;
    // One write moves all CPUs of a cpufreq policy, so a single CPU that we may not change excludes all of them.
    const foreign = cpu.related.find((related) => mayChange !== undefined && !mayChange.has(related));
    return foreign === undefined ? cpu : `shares its clock with CPU ${foreign}, which is not in ManagedCpus`;
  });
}
