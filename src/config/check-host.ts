import { formatCpuList } from "../base/cpu-list.ts";
import type { Pcpu } from "../base/domain.ts";
import type { Config } from "./config.ts";
import { type Problem, problem, quote, warning } from "./problem.ts";
import type { Gathered, Setting } from "./settings.ts";

/** The host to compare a configuration with. */
export interface ConfigHost {
  /** Looks at a root of CPUs. */
  root(root: string): HostRoot;
  /** Whether the host has a user of this name or number. */
  hasUser(user: string): boolean;
}

/** The CPUs that a root contains. */
interface HostRoot {
  readonly pcpus: ReadonlySet<Pcpu>;
  /** Whether the kernel can change the clock of any of them. */
  readonly hasCpufreq: boolean;
  /** Why it cannot be used as a root. */
  readonly problem: string | undefined;
}

/** Finds values that are valid but do not fit this host; `file` is the main configuration file. */
export function checkOnHost(config: Config, gathered: Gathered, host: ConfigHost, file: string): Problem[] {
  const root = host.root(config.cpufreq.root);
  return [
    ...checkRoot(config, gathered, root, file),
    ...checkReserved(gathered, root),
    ...checkUsers(config, gathered, host),
    ...checkPins(config, gathered, root),
    ...checkApps(gathered, host, root),
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

function checkReserved({ sections }: Gathered, root: HostRoot): Problem[] {
  return absentCpus("Reserved", sections.get("cpufreq")?.get("Reserved"), root);
}

/** Finds CPUs that a key names and the host does not have. */
function absentCpus(what: string, list: Setting | undefined, root: HostRoot): Problem[] {
  const { pcpus } = root;
  // Without any CPU the root is wrong, not the list.
  if (list === undefined || !Array.isArray(list.value) || pcpus.size === 0) return [];
  const missing = list.value.filter((pcpu) => !pcpus.has(pcpu));
  if (missing.length === 0) return [];
  const message = `${what} names CPU ${formatCpuList(missing)}, which this host does not have`;
  return [warning(list.place, message, `it has ${formatCpuList(pcpus)}`)];
}

function checkUsers({ channels }: Config, { sections }: Gathered, host: ConfigHost): Problem[] {
  // The default has the users of several distributions. Only a list that the operator wrote is checked.
  const written = sections.get("channels")?.get("TrustedUsers");
  if (written === undefined) return [];
  return channels.trustedUsers
    .filter((user) => !host.hasUser(user))
    .map((user) => {
      const message = `TrustedUsers names ${quote(user)}, a user that this host does not have`;
      return warning(written.place, message, "the name has no effect; see /etc/passwd");
    });
}

function checkApps({ apps }: Gathered, host: ConfigHost, root: HostRoot): Problem[] {
  return [...apps].flatMap(([name, settings]) => {
    const [user, cpus] = [settings.get("User"), settings.get("Cpus")];
    const problems: Problem[] = [];
    if (typeof user?.value === "string" && !host.hasUser(user.value))
      problems.push(
        warning(
          user.place,
          `User of [app ${name}] is ${quote(user.value)}, a user that this host does not have`,
        ),
      );
    return [...problems, ...absentCpus(`Cpus of [app ${name}]`, cpus, root)];
  });
}

function checkPins({ hypervisor }: Config, { vms }: Gathered, root: HostRoot): Problem[] {
  if (hypervisor.driver !== "static") return [];
  return [...vms].flatMap(([name, settings]) =>
    absentCpus(`Vcpus of VM ${quote(name)}`, settings.get("Vcpus"), root),
  );
}
