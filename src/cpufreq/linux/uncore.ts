import fs from "node:fs";
import type { Khz, Pcpu } from "../../base/domain.ts";
import { groupBy } from "../../base/group-by.ts";
import type { UncoreBounds } from "../../base/knobs.ts";
import type { UncoreCpus } from "../cpufreq.ts";
import type { Permitted } from "../permission.ts";
import type { Extras } from "../port.ts";
import { attempt, parseCpus, parseKhz, parseNumber, readOptional } from "./sysfs-file.ts";
import type { FoundClock } from "./topology.ts";

/** Where the driver intel_uncore_frequency has its files, under the root (Documentation/admin-guide/pm/intel_uncore_frequency_scaling). */
const DIRECTORY = "intel_uncore_frequency";

/** One directory for each die, or with TPMI one for each cluster of a package. */
const PLACE = /^(?:package_(\d{2,3})_die_\d{2,3}|uncore\d{2,3})$/;

const BOUND = /^intel_uncore_frequency\/(?:package_\d{2,3}_die_\d{2,3}|uncore\d{2,3})\/(?:min|max)_freq_khz$/;

/** Whether a setting is a bound of an uncore, so that its path begins at the root. */
export function isUncoreBound(name: string): boolean {
  return BOUND.test(name);
}

/** The uncore of one package: what its CPUs share beside their clocks, such as mesh and cache. */
export interface Uncore extends UncoreCpus {
  /** The cpufreq policy whose settings its bounds are. */
  readonly policy: string;
  /** Under the root, each with both bounds. */
  readonly places: readonly string[];
  /** Why it may not be changed. */
  readonly objection?: string;
}

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
  const names = (attempt(() => fs.readdirSync(`${root}/${DIRECTORY}`)) ?? [])
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

/** The files that bounds of an uncore need, with our texts. Throws `LookFailed`. */
export function uncoreFiles(
  root: string,
  uncore: Uncore | undefined,
  bounds: UncoreBounds,
): Pick<Extras, "values" | "missing"> {
  const refuse = (why: string) => ({ values: {}, missing: [`${textOf(bounds)}: ${why}`] });
  if (uncore === undefined) return refuse("the kernel offers no uncore frequency");
  if (uncore.objection !== undefined) return refuse(uncore.objection);
  const values: Record<string, string> = {};
  const missing: string[] = [];
  for (const place of uncore.places) {
    const khz = (file: string) => parseKhz(readOptional(`${root}/${place}/${file}`));
    const [lowest, highest] = [khz("initial_min_freq_khz"), khz("initial_max_freq_khz")];
    if (lowest === undefined || highest === undefined) {
      missing.push(`${textOf(bounds)}: ${place} does not tell its range`);
      continue;
    }
    const within = (bound: Khz) => Math.min(Math.max(bound, lowest), highest);
    const min = within(bounds.minKhz ?? lowest);
    values[`${place}/min_freq_khz`] = `${min}`;
    values[`${place}/max_freq_khz`] = `${Math.max(within(bounds.maxKhz ?? highest), min)}`;
  }
  return { values, missing };
}

function textOf({ minKhz, maxKhz }: UncoreBounds): string {
  const words = [minKhz && `UncoreMinKhz=${minKhz}`, maxKhz && `UncoreMaxKhz=${maxKhz}`];
  return words.filter((word) => word !== undefined).join(" ");
}
