import type { Khz } from "../../base/domain.ts";
import type { UncoreBounds } from "../../base/knobs.ts";
import type { UncoreCpus } from "../cpufreq.ts";
import type { Extras } from "../port.ts";
import { parseKhz, readOptional } from "./sysfs-file.ts";

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
