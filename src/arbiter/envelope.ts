import type { FrequencyTable, Setting, Speed } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { Contract } from "./view.ts";

/** The part of a table that a contract leaves: indexes `top` (fastest) to `bottom`, both included. */
export interface Envelope {
  readonly top: number;
  readonly bottom: number;
  readonly turbo: boolean;
}

/** What an operator is bound by: the table alone. */
export function wholeTable(table: FrequencyTable): Envelope {
  return { top: 0, bottom: table.speeds.length - 1, turbo: true };
}

/**
 * A contract on one clock's table. Where no speed lies within it, the nearest one does: a contract that fits no speed
 * of this host must not leave its guest without any.
 */
export function envelope(table: FrequencyTable, { minKhz, maxKhz, turbo }: Contract): Envelope {
  const last = table.speeds.length - 1;
  const { speeds } = table;
  const firstBelow = maxKhz === undefined ? 0 : speeds.findIndex(({ khz }) => khz <= maxKhz);
  const top = firstBelow < 0 ? last : firstBelow;
  const lastAbove = minKhz === undefined ? last : speeds.findLastIndex(({ khz }) => khz >= minKhz);
  return { top, bottom: Math.max(top, lastAbove), turbo };
}

/** What a setting sets: the numbers of its entry, or of the speed between two; undefined for the baseline. */
export function speedOf(table: FrequencyTable, setting: Setting | undefined): Speed | undefined {
  if (setting === undefined || setting === "baseline") return undefined;
  return typeof setting === "number" ? table.speeds[setting] : { khz: setting.khz, peerKhz: setting.khz };
}

/** The speed that an entry of a table sets. */
export function khzAt(table: FrequencyTable, index: number): Khz {
  return (table.speeds[index] as Speed).khz;
}
