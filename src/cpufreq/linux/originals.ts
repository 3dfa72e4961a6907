import type { Khz } from "../../base/domain.ts";
import type { Values } from "../port.ts";
import type { ScalingDriver, SpeedFilesKind } from "./driver.ts";
import { isTextUnderRoot, isUnderRoot } from "./knob-files.ts";
import { parseKhz, readOptional, readRaw } from "./sysfs-file.ts";

/** The files that a change may touch, in the order in which they are restored. */
const MANAGED_FILES = [
  "scaling_governor",
  "scaling_min_freq",
  "scaling_max_freq",
  "scaling_setspeed",
  "energy_performance_preference",
] as const;

/** One of {@link MANAGED_FILES}. */
export type ManagedFile = (typeof MANAGED_FILES)[number];

/** The original content of the managed files of one cpufreq policy, to the byte. */
export type Originals = { readonly [file in ManagedFile]?: string };

/** The files that change when we set speeds of a cpufreq policy. */
function changedBy({ governor, files }: ScalingDriver): readonly ManagedFile[] {
  const limits = files === "min-max" ? (["scaling_min_freq", "scaling_max_freq"] as const) : [];
  // Under userspace the kernel changes the speed. Under performance it changes the energy preference, and does not
  // always restore it.
  const more = governor === "userspace" ? "scaling_setspeed" : "energy_performance_preference";
  return ["scaling_governor", ...limits, more];
}

/** Files whose content must be known before anything is changed. */
export const NEEDED: Readonly<Record<SpeedFilesKind, readonly ManagedFile[]>> = {
  setspeed: ["scaling_governor"],
  "min-max": ["scaling_governor", "scaling_min_freq", "scaling_max_freq"],
};

/** The valid content of each managed file. Anything else is not restored. */
const TEXT: Readonly<Record<ManagedFile, RegExp>> = {
  scaling_governor: /^[\w-]{1,32}\n?$/,
  scaling_min_freq: /^\d{1,10}\n?$/,
  scaling_max_freq: /^\d{1,10}\n?$/,
  scaling_setspeed: /^(?:\d{1,10}|<unsupported>)\n?$/,
  energy_performance_preference: /^\w{1,32}\n?$/,
};

/** Whether a text is valid content of a managed file. */
export function isOriginal(file: string, text: string): boolean {
  if (isUnderRoot(file)) return isTextUnderRoot(file, text);
  const managed = MANAGED_FILES.find((name) => name === file);
  return managed !== undefined && TEXT[managed].test(text);
}

/** Reads the original content. Throws `LookFailed`. */
export function readOriginals(policyPath: string, scaling: ScalingDriver): Originals {
  const originals: { [file in ManagedFile]?: string } = {};
  for (const file of changedBy(scaling)) {
    const isNeeded = NEEDED[scaling.files].includes(file);
    const text = (isNeeded ? readRaw : readOptional)(`${policyPath}/${file}`);
    if (text !== undefined && isOriginal(file, text)) originals[file] = text;
  }
  return originals;
}

/** Reads further files of a cpufreq policy and its CPUs, as far as they have valid content. Throws `LookFailed`. */
export function readFiles(
  { root, path }: { readonly root: string; readonly path: string },
  names: readonly string[],
): Values {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = readOptional(`${isUnderRoot(name) ? root : path}/${name}`);
    if (text !== undefined && isOriginal(name, text)) found[name] = text;
  }
  return found;
}

/** The highest speed that the originals allow. Reads those files that are not among them. Throws `LookFailed`. */
export function baselineOf(
  policyPath: string,
  originals: Originals,
  scaling: ScalingDriver,
): Khz | undefined {
  const say = (file: ManagedFile) => originals[file] ?? readRaw(`${policyPath}/${file}`);
  const governor = say("scaling_governor")?.trim();
  if (governor === "userspace") {
    const setKhz = parseKhz(say("scaling_setspeed"));
    if (setKhz !== undefined) return setKhz;
  }
  // In the active modes the governor `powersave` follows the load; with other drivers it stays at the lowest speed.
  const isLowest = governor === "powersave" && scaling.governor !== "performance";
  return parseKhz(say(isLowest ? "scaling_min_freq" : "scaling_max_freq"));
}
