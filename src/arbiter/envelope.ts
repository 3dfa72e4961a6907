import type { FrequencyTable, Setting, Speed } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { Contract } from "./view.ts";

/** The entries of a table that a contract allows: indexes `top` (fastest) to `bottom`, both included. */
export interface Envelope {
  readonly top: number;
  readonly bottom: number;
  readonly turbo: boolean;
}

/** The envelope of operators: the whole table. */
export function wholeTable(table: FrequencyTable): Envelope {
  return { top: 0, bottom: table.speeds.length - 1, turbo: true };
}

/**
 * The envelope of a contract in one clock's table. If the contract allows no entry, the envelope is the nearest one, so
 * that a guest always has a speed.
 */
export function envelope(table: FrequencyTable, { minKhz, maxKhz, turbo }: Contract): Envelope {
  const last = table.speeds.length - 1;
  const { speeds } = table;
  const firstBelow = maxKhz === undefined ? 0 : speeds.findIndex(({ khz }) => khz <= maxKhz);
  const top = firstBelow < 0 ? last : firstBelow;
  const lastAbove = minKhz === undefined ? last : speeds.findLastIndex(({ khz }) => khz >= minKhz);
  return { top, bottom: Math.max(top, lastAbove), turbo };
}

/** The speed of a setting; undefined for the baseline. */
export function speedOf(table: FrequencyTable, setting: Setting | undefined): Speed | undefined {
  if (setting === undefined || setting === "baseline") return undefined;
  return typeof setting === "number" ? table.speeds[setting] : { khz: setting.khz, peerKhz: setting.khz };
}

/** The speed of a table's entry. */
export function khzAt(table: FrequencyTable, index: number): Khz {
  return (table.speeds[index] as Speed).khz;
}
