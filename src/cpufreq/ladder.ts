import type { Turbo } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { CpuFiles, Speeds } from "./driver.ts";
import { quote } from "./sysfs-file.ts";

/** Entries of one table; the original host stops at 63, and a table of more than this is a mistake. */
export const TABLE_ENTRIES_MAX = 256;

/** The step of a ladder that nobody lists. */
export const STEP_KHZ = 100_000;

/** From `topKhz` down in steps of 100 MHz, as long as they are not below `bottomKhz`. */
export function stepsDown(topKhz: Khz, bottomKhz: Khz): Khz[] {
  const count = Math.min(Math.floor((topKhz - bottomKhz) / STEP_KHZ) + 1, TABLE_ENTRIES_MAX + 1);
  return Array.from({ length: Math.max(count, 0) }, (_, i) => topKhz - i * STEP_KHZ);
}

/**
 * Speeds whose every entry is written as it is. With the operator's switch off, those above the base are left out:
 * a guest is not told of what the hardware will not do.
 */
export function plainSpeeds(
  khz: readonly Khz[],
  { turbo, boostOff }: { turbo: Omit<Turbo, "khz"> | undefined; boostOff: boolean },
): Speeds | string {
  const left = turbo !== undefined && boostOff ? khz.slice(turbo.baseIndex) : khz;
  const [topKhz] = left;
  if (topKhz === undefined) return "its lowest speed is above its highest";
  if (left.length > TABLE_ENTRIES_MAX) return `more than ${TABLE_ENTRIES_MAX} speeds`;
  const hasTurbo = turbo !== undefined && !boostOff;
  return { table: { khz: left, turbo: hasTurbo ? { ...turbo, khz: topKhz } : undefined }, priority: false };
}

/** Why a file that a table cannot do without is of no use. */
export function unusable(files: CpuFiles, file: string): string {
  const text = files.text(file);
  return text === undefined ? `no ${file}` : `${file} says ${quote(text)}`;
}
