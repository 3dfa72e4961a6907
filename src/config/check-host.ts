import { formatCpuList } from "../base/cpu-list.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Config } from "./config.ts";
import { type Problem, problem, quote, warning } from "./problem.ts";
import type { Gathered } from "./settings.ts";

/** What a configuration is compared with: the host that it is for. */
export interface ConfigHost {
  /** What is found below a root. */
  root(root: string): HostRoot;
  /** Whether it has a user of this name or number. */
  hasUser(user: string): boolean;
}

/** The CPUs of a host, as a root tells of them. */
interface HostRoot {
  /** Ascending. */
  readonly pcpus: readonly Pcpu[];
  /** Whether the kernel lets the clock of any of them be changed. */
  readonly hasCpufreq: boolean;
  /** Why it is no root of CPUs. */
  readonly problem: string | undefined;
}

/** What is right by itself, but not on this host; `file` is the one that was to be read first. */
export function checkOnHost(config: Config, gathered: Gathered, host: ConfigHost, file: string): Problem[] {
  const root = host.root(config.cpufreq.root);
  return [
    ...checkRoot(config, gathered, root, file),
    ...checkUsers(config, gathered, host),
    ...checkPins(config, gathered, root),
  ];
}

function checkRoot({ cpufreq }: Config, { sections }: Gathered, found: HostRoot, file: string): Problem[] {
  const place = sections.get("cpufreq")?.get("Root")?.place ?? { file, line: 0 };
  const root = quote(cpufreq.root);
  if (found.problem !== undefined)
    return [problem(place, `Root=${root}: ${found.problem}`, "the kernel's is /sys/devices/system/cpu")];
  if (found.hasCpufreq) return [];
  const message = `Root=${root}: no CPU has cpufreq, so no clock can be changed`;
  return [warning(place, message, "enable it in the firmware, or load the kernel's driver for these CPUs")];
}

function checkUsers({ channels }: Config, { sections }: Gathered, host: ConfigHost): Problem[] {
  // The defaults name the users of several distributions; those that somebody wrote are meant.
  const written = sections.get("channels")?.get("TrustedUsers");
  if (written === undefined) return [];
  return channels.trustedUsers
    .filter((user) => !host.hasUser(user))
    .map((user) => {
      const message = `TrustedUsers names ${quote(user)}, a user that this host does not have`;
      return warning(written.place, message, "nobody is trusted by it; see /etc/passwd");
    });
}

function checkPins({ hypervisor }: Config, { vms }: Gathered, root: HostRoot): Problem[] {
  if (hypervisor.driver !== "static") return [];
  const pcpus = new Set(root.pcpus);
  // Where there are no CPUs at all the root is wrong, and not the map.
  if (pcpus.size === 0) return [];
  return [...vms].flatMap(([name, settings]) => {
    const vcpus = settings.get("Vcpus");
    if (!Array.isArray(vcpus?.value)) return [];
    const missing = vcpus.value.filter((pcpu) => !pcpus.has(pcpu));
    if (missing.length === 0) return [];
    const message = `Vcpus of VM ${quote(name)} names CPU ${formatCpuList(missing)}, which this host does not have`;
    return [warning(vcpus.place, message, `it has ${formatCpuList(pcpus)}`)];
  });
}
