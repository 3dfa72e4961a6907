import { formatCpuList } from "../base/cpu-list.ts";
import type { Pcpu } from "../base/domain.ts";
import { type Place, type Problem, quote, warning } from "./problem.ts";
import type { Gathered } from "./settings.ts";

/** Warnings about the map of VMs with Driver=static; `driverPlace` is where the driver is set. */
export function checkMap({ vms }: Gathered, driverPlace: Place): Problem[] {
  const mapped = [...vms].filter(([, settings]) => settings.get("Vcpus")?.value !== undefined);
  if (mapped.length === 0) {
    const message = "Driver=static, but no [vm NAME] has Vcpus";
    return [warning(driverPlace, message, "no guest can be served")];
  }
  const problems: Problem[] = [];
  const owners = new Map<Pcpu, string>();
  for (const [name, settings] of vms) {
    const vcpus = settings.get("Vcpus");
    if (!Array.isArray(vcpus?.value)) {
      const [first] = settings.values();
      const message = `VM ${quote(name)} has no Vcpus, which Driver=static needs`;
      problems.push(warning(first?.place ?? driverPlace, message, "its guest is not served"));
      continue;
    }
    const shared = Map.groupBy(new Set<Pcpu>(vcpus.value), (pcpu) => owners.get(pcpu));
    for (const [owner, pcpus] of shared) {
      if (owner === undefined) for (const pcpu of pcpus) owners.set(pcpu, name);
      else {
        const message = `VM ${quote(name)} shares CPU ${formatCpuList(pcpus)} with VM ${quote(owner)}`;
        problems.push(warning(vcpus.place, message, "the higher request takes effect there"));
      }
    }
  }
  return problems;
}
