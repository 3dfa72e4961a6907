import type { Khz } from "../../base/domain.ts";
import type { ScalingDriver, SpeedFilesKind } from "./driver.ts";
import { parseKhz, readOptional, readRaw } from "./sysfs-file.ts";

/** The files that a change may touch, in the order in which they are put back. */
const MANAGED_FILES = [
  "scaling_governor",
  "scaling_min_freq",
  "scaling_max_freq",
  "scaling_setspeed",
  "energy_performance_preference",
] as const;

/** One of {@link MANAGED_FILES}. */
export type ManagedFile = (typeof MANAGED_FILES)[number];

/** What the managed files of one cpufreq policy said before ours, to the byte. */
export type Originals = { readonly [file in ManagedFile]?: string };

/** Those that change when we hold a cpufreq policy. */
function changedBy({ governor, files }: ScalingDriver): readonly ManagedFile[] {
  const limits = files === "min-max" ? (["scaling_min_freq", "scaling_max_freq"] as const) : [];
  // Under userspace the speed goes with us. Under performance the kernel changes the energy preference, and does not
  // always put it back.
  const more = governor === "userspace" ? "scaling_setspeed" : "energy_performance_preference";
  return ["scaling_governor", ...limits, more];
}

/** Without these there is nothing to put back, and so nothing may be changed. */
export const NEEDED: Readonly<Record<SpeedFilesKind, readonly ManagedFile[]>> = {
  setspeed: ["scaling_governor"],
  "min-max": ["scaling_governor", "scaling_min_freq", "scaling_max_freq"],
};

/** What each managed file can say; anything else is not worth putting back. */
const TEXT: Readonly<Record<ManagedFile, RegExp>> = {
  scaling_governor: /^[\w-]{1,32}\n?$/,
  scaling_min_freq: /^\d{1,10}\n?$/,
  scaling_max_freq: /^\d{1,10}\n?$/,
  scaling_setspeed: /^(?:\d{1,10}|<unsupported>)\n?$/,
  energy_performance_preference: /^\w{1,32}\n?$/,
};

/** Whether a text is what a managed file can say. */
export function isOriginal(file: string, text: string): boolean {
  const managed = MANAGED_FILES.find((name) => name === file);
  return managed !== undefined && TEXT[managed].test(text);
}

/** Reads what will have to be put back. Throws `LookFailed`. */
export function readOriginals(policyPath: string, scaling: ScalingDriver): Originals {
  const originals: { [file in ManagedFile]?: string } = {};
  for (const file of changedBy(scaling)) {
    const isNeeded = NEEDED[scaling.files].includes(file);
    const text = (isNeeded ? readRaw : readOptional)(`${policyPath}/${file}`);
    if (text !== undefined && isOriginal(file, text)) originals[file] = text;
  }
  return originals;
}

/** The highest speed that the originals allow; the limits are read where they are not among them. Throws `LookFailed`. */
export function baselineOf(
  policyPath: string,
  originals: Originals,
  scaling: ScalingDriver,
): Khz | undefined {
  const say = (file: ManagedFile) => parseKhz(originals[file] ?? readRaw(`${policyPath}/${file}`));
  const governor = originals.scaling_governor?.trim();
  if (governor === "userspace") {
    const setKhz = say("scaling_setspeed");
    if (setKhz !== undefined) return setKhz;
  }
  // In the active modes `powersave` is the governor that follows the load; elsewhere it stays at the lowest speed.
  const isLowest = governor === "powersave" && scaling.governor !== "performance";
  return say(isLowest ? "scaling_min_freq" : "scaling_max_freq");
}
