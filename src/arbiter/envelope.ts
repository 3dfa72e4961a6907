import type { FrequencyTable, Setting, Speed } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import type { SpeedBound } from "../base/speed-bound.ts";
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
export function envelope(table: FrequencyTable, contract: Contract): Envelope {
  const last = table.speeds.length - 1;
  const { speeds } = table;
  const { turbo } = contract;
  const [minKhz, maxKhz] = [boundKhz(table, contract.minKhz), boundKhz(table, contract.maxKhz)];
  const firstBelow = maxKhz === undefined ? 0 : speeds.findIndex(({ khz }) => khz <= maxKhz);
  const top = firstBelow < 0 ? last : firstBelow;
  const lastAbove = minKhz === undefined ? last : speeds.findLastIndex(({ khz }) => khz >= minKhz);
  return { top, bottom: Math.max(top, lastAbove), turbo };
}

/**
 * The slowest entry of a table that a floor allows, or the nearest one; undefined without a floor. Entries above the range
 * without turbo count only with turbo.
 */
export function floorIndex(table: FrequencyTable, bound: SpeedBound, turbo: boolean): number | undefined {
  const khz = boundKhz(table, bound);
  if (khz === undefined) return undefined;
  const lastAbove = table.speeds.findLastIndex((speed) => speed.khz >= khz);
  return Math.max(lastAbove, turbo ? 0 : (table.turbo?.baseIndex ?? 0));
}

/** The speed of a bound on one clock. A percentage is a part of its range without turbo. */
function boundKhz(table: FrequencyTable, bound: SpeedBound | undefined): Khz | undefined {
  if (bound === "none") return undefined;
  return typeof bound === "object" ? partKhz(table, bound.percent) : bound;
}

/** The speed at a part of a table's range without turbo: 0 is its lowest, 100 its highest speed. */
export function partKhz(table: FrequencyTable, percent: number): Khz {
  const lowest = khzAt(table, table.speeds.length - 1);
  const highest = khzAt(table, table.turbo?.baseIndex ?? 0);
  return lowest + (percent * (highest - lowest)) / 100;
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
