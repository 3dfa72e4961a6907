import type { SettingRefused, Values } from "../port.ts";
import type { Disk } from "./disk.ts";
import { isUnderRoot } from "./knob-files.ts";
import { parseNumber } from "./sysfs-file.ts";

/** The directory to restore, and whether its files are plain ones, for which nothing computes the other values. */
interface PutBackTo {
  readonly disk: Disk;
  /** Of all CPUs. */
  readonly root: string;
  /** Of the cpufreq policy. */
  readonly path: string;
  readonly plain: boolean;
}

/**
 * Restores the files of one cpufreq policy. Files that are right already are left alone, so it may be interrupted and
 * done again.
 */
export function putBack(to: PutBackTo, originals: Values): SettingRefused | undefined {
  // The governor comes first: under userspace a change of the limits would move the speed, and only the old governor
  // takes a speed.
  return (
    restore(to, originals, "scaling_governor") ??
    restoreLimits(to, originals, ["scaling_min_freq", "scaling_max_freq"]) ??
    restoreSpeed(to, originals) ??
    restore(to, originals, "energy_performance_preference") ??
    restoreUnderRoot(to, originals)
  );
}

/** Latencies, and bounds of uncores. */
function restoreUnderRoot(to: PutBackTo, originals: Values): SettingRefused | undefined {
  for (const name of Object.keys(originals)) {
    if (!isUnderRoot(name)) continue;
    const other = name.replace(/min_freq_khz$/, "max_freq_khz");
    const isLower = other !== name && originals[other] !== undefined;
    const refused = isLower ? restoreLimits(to, originals, [name, other]) : restore(to, originals, name);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Writes both limits in the order in which the lower one never exceeds the higher one. */
function restoreLimits(
  to: PutBackTo,
  originals: Values,
  [min, max]: readonly [string, string],
): SettingRefused | undefined {
  const [first, second] = isAbove(to, max, originals[max]) ? [max, min] : [min, max];
  return restore(to, originals, first) ?? restore(to, originals, second);
}

function isAbove(to: PutBackTo, file: string, maxText: string | undefined): boolean {
  const maxKhz = parseNumber(maxText);
  if (maxKhz === undefined) return false;
  const opened = to.disk.open(pathOf(to, file));
  if (!opened.ok) return false;
  const attribute = opened.value;
  const errno = attribute.read();
  attribute.close();
  return errno === undefined && maxKhz > attribute.number();
}

/** The kernel takes a speed only under userspace; under other governors the file contains `<unsupported>`. */
function restoreSpeed(to: PutBackTo, originals: Values): SettingRefused | undefined {
  if (originals["scaling_governor"]?.trim() !== "userspace" && !to.plain) return undefined;
  return restore(to, originals, "scaling_setspeed");
}

function pathOf({ root, path }: PutBackTo, file: string): string {
  return `${isUnderRoot(file) ? root : path}/${file}`;
}

function restore(to: PutBackTo, originals: Values, file: string): SettingRefused | undefined {
  const text = originals[file];
  if (text === undefined) return undefined;
  const opened = to.disk.open(pathOf(to, file));
  if (!opened.ok) return { name: file, errno: opened.why };
  const attribute = opened.value;
  const errno =
    attribute.read() ?? (attribute.text() === text ? undefined : attribute.write(Buffer.from(text)));
  attribute.close();
  return errno === undefined ? undefined : { name: file, errno };
}
