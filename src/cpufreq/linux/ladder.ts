import type { Speed, Turbo } from "../../base/clock.ts";
import type { Khz } from "../../base/domain.ts";
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
  { turbo, boostOff }: { turbo: Turbo | undefined; boostOff: boolean },
): Speeds | string {
  const left = turbo !== undefined && boostOff ? khz.slice(turbo.baseIndex) : khz;
  if (left.length === 0) return "its lowest speed is above its highest";
  if (left.length > TABLE_ENTRIES_MAX) return `more than ${TABLE_ENTRIES_MAX} speeds`;
  const hasTurbo = turbo !== undefined && !boostOff;
  return { table: { speeds: left.map(plainSpeed), turbo: hasTurbo ? turbo : undefined }, priority: false };
}

/** A speed that the peer shows as it is. */
export function plainSpeed(khz: Khz): Speed {
  return { khz, peerKhz: khz };
}

/** Why a file that a table cannot do without is of no use. */
export function unusable(files: CpuFiles, file: string): string {
  const text = files.text(file);
  return text === undefined ? `no ${file}` : `${file} says ${quote(text)}`;
}
