import type { Pcpu } from "../../base/domain.ts";
import type { Knobs } from "../../base/knobs.ts";
import type { Extras, Values } from "../port.ts";
import type { ScalingDriver } from "./driver.ts";
import { readOptional } from "./sysfs-file.ts";
import { isUncoreBound, type Uncore, uncoreFiles } from "./uncore-files.ts";

/** The latency of one CPU under the root: it belongs to the CPU, not to the cpufreq policy. */
const LATENCY = /^cpu\d{1,5}\/power\/pm_qos_resume_latency_us$/;

const EPP = "energy_performance_preference";
const GOVERNOR = "scaling_governor";

/** Whether a setting belongs to a CPU or to a package, so that its path begins at the root. */
export function isUnderRoot(name: string): boolean {
  return LATENCY.test(name) || isUncoreBound(name);
}

/**
 * Whether a text is valid content of such a setting. As a latency the kernel means "no restriction" by 0 and "no latency
 * at all" by `n/a` (Documentation/ABI/testing/sysfs-devices-power).
 */
export function isTextUnderRoot(name: string, text: string): boolean {
  return isUnderRoot(name) && (/^\d{1,10}\n?$/.test(text) || (LATENCY.test(name) && /^n\/a\n?$/.test(text)));
}

/** The cpufreq policy whose knobs are set. */
interface KnobPlace {
  readonly root: string;
  /** Of the cpufreq policy. */
  readonly path: string;
  readonly pcpus: readonly Pcpu[];
  readonly scaling: ScalingDriver;
  /** The one whose bounds are settings of this cpufreq policy. */
  readonly uncore: Uncore | undefined;
}

/** The files that knobs need, with our texts, and what the kernel does not offer. Throws `LookFailed`. */
export function knobFiles(
  place: KnobPlace,
  knobs: Knobs,
  { at, saved }: { readonly at: "speed" | "baseline"; readonly saved: Values },
): Extras {
  const values: Record<string, string> = {};
  const missing: string[] = [];
  const say = (file: string) => readOptional(`${place.path}/${file}`)?.trim();
  const isActive = place.scaling.governor === "performance";
  if (at === "baseline" && knobs.governors !== undefined) {
    const offered = say("scaling_available_governors")?.split(/\s+/) ?? [];
    const governor = knobs.governors.find((each) => offered.includes(each));
    if (governor !== undefined) values[GOVERNOR] = governor;
    else missing.push(`Governor=${knobs.governors.join()}: the kernel offers ${offered.join(" ") || "none"}`);
  }
  const offered = say("energy_performance_available_preferences")?.split(/\s+/) ?? [];
  if (knobs.epp !== undefined && offered.includes(knobs.epp)) {
    values[EPP] = knobs.epp;
    // In the active modes the kernel takes no other preference under the governor performance.
    const governor = at === "speed" ? place.scaling.governor : (values[GOVERNOR] ?? saved[GOVERNOR]?.trim());
    if (isActive && governor === "performance" && knobs.epp !== "performance") values[GOVERNOR] = "powersave";
  } else if (knobs.epp !== undefined)
    missing.push(`Epp=${knobs.epp}: the kernel offers ${offered.join(" ") || "no energy preference"}`);
  for (const pcpu of knobs.resumeLatencyUs === undefined ? [] : place.pcpus) {
    const name = `cpu${pcpu}/power/pm_qos_resume_latency_us`;
    if (readOptional(`${place.root}/${name}`) === undefined)
      missing.push(`ResumeLatencyUs=${knobs.resumeLatencyUs}: the kernel offers no ${name}`);
    else values[name] = knobs.resumeLatencyUs === 0 ? "n/a" : `${knobs.resumeLatencyUs}`;
  }
  if (knobs.uncore !== undefined) {
    const bounds = uncoreFiles(place.root, place.uncore, knobs.uncore);
    Object.assign(values, bounds.values);
    missing.push(...bounds.missing);
  }
  return { values, missing, restored: restoredOf(saved, values, isActive) };
}

/** What earlier knobs changed and these do not. In the active modes the governor moves the preference by itself. */
function restoredOf(saved: Values, values: Values, isActive: boolean): Values {
  const own = Object.entries(saved).filter(([name]) => isUnderRoot(name) || (name === EPP && !isActive));
  return Object.fromEntries(own.filter(([name]) => values[name] === undefined));
}
