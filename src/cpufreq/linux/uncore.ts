import fs from "node:fs";
import type { Pcpu } from "../../base/domain.ts";
import { groupBy } from "../../base/group-by.ts";
import type { Permitted } from "../permission.ts";
import { ifThere, parseCpus, parseNumber, readOptional } from "./sysfs-file.ts";
import type { FoundClock } from "./topology.ts";
import type { Uncore } from "./uncore-files.ts";

/** Where the driver intel_uncore_frequency has its files, under the root (Documentation/admin-guide/pm/intel_uncore_frequency_scaling). */
const DIRECTORY = "intel_uncore_frequency";

/** One directory for each die, or with TPMI one for each cluster of a package. */
const PLACE = /^(?:package_(\d{2,3})_die_\d{2,3}|uncore\d{2,3})$/;

/** Finds the uncores of a host. Each belongs to the first clock of its package. Throws `LookFailed`. */
export function findUncores(root: string, clocks: readonly FoundClock[], permitted: Permitted): Uncore[] {
  const places = placesOf(root);
  if (places.size === 0) return [];
  const cpus = clocks.flatMap((clock) => clock.members.map(({ pcpu }) => ({ pcpu, clock })));
  const topology = ({ pcpu }: { readonly pcpu: Pcpu }, file: string) =>
    readOptional(`${root}/cpu${pcpu}/topology/${file}`);
  const packages = groupBy(cpus, (cpu) => parseNumber(topology(cpu, "physical_package_id")));
  return [...packages].flatMap(([id, [first]]) => {
    const own = id === undefined ? undefined : places.get(id);
    const policy = first?.clock.policies[0]?.name;
    if (own === undefined || first === undefined || policy === undefined) return [];
    const list = topology(first, "package_cpus_list") ?? topology(first, "core_siblings_list") ?? "";
    const pcpus = parseCpus(list) ?? [];
    const foreign = pcpus.find((pcpu) => permitted.objection(pcpu) !== undefined);
    const objection =
      foreign === undefined
        ? {}
        : { objection: `CPU ${foreign} of its package is ${permitted.objection(foreign)}` };
    return [{ clock: first.clock.id, pcpus, policy, places: own, ...objection }];
  });
}

/** The directories of each package. Those of clusters set a package in parts, so that its own are not needed beside them. */
function placesOf(root: string): ReadonlyMap<number, readonly string[]> {
  const names = (ifThere(() => fs.readdirSync(`${root}/${DIRECTORY}`)) ?? [])
    .filter((name) => PLACE.test(name))
    .sort();
  const placed = names.map((name) => {
    const place = `${DIRECTORY}/${name}`;
    const id = PLACE.exec(name)?.[1] ?? readOptional(`${root}/${place}/package_id`);
    return { place, id: parseNumber(id), isCluster: name.startsWith("uncore") };
  });
  const places = new Map<number, readonly string[]>();
  for (const [id, all] of groupBy(placed, (each) => each.id)) {
    const clusters = all.filter(({ isCluster }) => isCluster);
    if (id !== undefined)
      places.set(
        id,
        (clusters.length > 0 ? clusters : all).map(({ place }) => place),
      );
  }
  return places;
}
