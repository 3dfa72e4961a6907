import type { SettingRefused, Values } from "../port.ts";
import type { Disk } from "./disk.ts";
import { isOfCpu } from "./knob-files.ts";
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
    restoreLimits(to, originals) ??
    restoreSpeed(to, originals) ??
    restore(to, originals, "energy_performance_preference") ??
    restoreLatencies(to, originals)
  );
}

function restoreLatencies(to: PutBackTo, originals: Values): SettingRefused | undefined {
  for (const name of Object.keys(originals)) {
    const refused = isOfCpu(name) ? restore(to, originals, name) : undefined;
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Writes both limits in the order in which the lower one never exceeds the higher one. */
function restoreLimits(to: PutBackTo, originals: Values): SettingRefused | undefined {
  const upFirst = isAbove(to, originals["scaling_max_freq"]);
  const first = upFirst ? "scaling_max_freq" : "scaling_min_freq";
  const second = upFirst ? "scaling_min_freq" : "scaling_max_freq";
  return restore(to, originals, first) ?? restore(to, originals, second);
}

function isAbove(to: PutBackTo, maxText: string | undefined): boolean {
  const maxKhz = parseNumber(maxText);
  if (maxKhz === undefined) return false;
  const opened = to.disk.open(`${to.path}/scaling_max_freq`);
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

function restore(to: PutBackTo, originals: Values, file: string): SettingRefused | undefined {
  const text = originals[file];
  if (text === undefined) return undefined;
  const opened = to.disk.open(`${isOfCpu(file) ? to.root : to.path}/${file}`);
  if (!opened.ok) return { name: file, errno: opened.why };
  const attribute = opened.value;
  const errno =
    attribute.read() ?? (attribute.text() === text ? undefined : attribute.write(Buffer.from(text)));
  attribute.close();
  return errno === undefined ? undefined : { name: file, errno };
}
