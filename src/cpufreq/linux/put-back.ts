import type { SettingRefused } from "../port.ts";
import type { Disk } from "./disk.ts";
import type { ManagedFile, Originals } from "./originals.ts";
import { parseNumber } from "./sysfs-file.ts";

/** Where to put originals back, and whether its files are plain ones that keep what the kernel would work out. */
interface PutBackTo {
  readonly disk: Disk;
  readonly path: string;
  readonly plain: boolean;
}

/**
 * Puts back what one cpufreq policy said. Files that say it already are left alone, so it may be done again after it
 * was interrupted anywhere.
 */
export function putBack(to: PutBackTo, originals: Originals): SettingRefused | undefined {
  // The governor first: under userspace the limits would move the speed twice, and only the old one takes a speed.
  return (
    restore(to, originals, "scaling_governor") ??
    restoreLimits(to, originals) ??
    restoreSpeed(to, originals) ??
    restore(to, originals, "energy_performance_preference")
  );
}

/** In the order in which the lower limit is never above the higher one. */
function restoreLimits(to: PutBackTo, originals: Originals): SettingRefused | undefined {
  const upFirst = isAbove(to, originals.scaling_max_freq);
  const first = upFirst ? "scaling_max_freq" : "scaling_min_freq";
  const second = upFirst ? "scaling_min_freq" : "scaling_max_freq";
  return restore(to, originals, first) ?? restore(to, originals, second);
}

function isAbove(to: PutBackTo, maxText: string | undefined): boolean {
  const maxKhz = parseNumber(maxText);
  if (maxKhz === undefined) return false;
  const attribute = to.disk.open(`${to.path}/scaling_max_freq`);
  if (typeof attribute === "string") return false;
  const errno = attribute.read();
  attribute.close();
  return errno === undefined && maxKhz > attribute.number();
}

/** The kernel takes a speed only under userspace, and says `<unsupported>` by itself under the others. */
function restoreSpeed(to: PutBackTo, originals: Originals): SettingRefused | undefined {
  if (originals.scaling_governor?.trim() !== "userspace" && !to.plain) return undefined;
  return restore(to, originals, "scaling_setspeed");
}

function restore(to: PutBackTo, originals: Originals, file: ManagedFile): SettingRefused | undefined {
  const text = originals[file];
  if (text === undefined) return undefined;
  const attribute = to.disk.open(`${to.path}/${file}`);
  if (typeof attribute === "string") return { name: file, errno: attribute };
  const errno =
    attribute.read() ?? (attribute.text() === text ? undefined : attribute.write(Buffer.from(text)));
  attribute.close();
  return errno === undefined ? undefined : { name: file, errno };
}
