import { formatCpuList } from "../base/cpu-list.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Config } from "./config.ts";
import { type Problem, quote, warning } from "./problem.ts";
import type { Gathered } from "./settings.ts";

/** What a configuration is compared with: the host that it is for. */
export interface ConfigHost {
  /** The CPUs below a root, ascending. */
  pcpus(root: string): readonly Pcpu[];
  /** Whether it has a user of this name or number. */
  hasUser(user: string): boolean;
}

/** What is right by itself, but not on this host. */
export function checkOnHost(config: Config, gathered: Gathered, host: ConfigHost): Problem[] {
  return [...checkUsers(config, gathered, host), ...checkPins(config, gathered, host)];
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

function checkPins({ cpufreq, hypervisor }: Config, { vms }: Gathered, host: ConfigHost): Problem[] {
  if (hypervisor.driver !== "static") return [];
  const pcpus = new Set(host.pcpus(cpufreq.root));
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
