import type { FrequencyTable, Speed, Turbo } from "../base/clock.ts";
import type { Khz } from "../base/domain.ts";
import { failure, type Result, success } from "../base/result.ts";

/** The most entries of a table. DPDK's host has 63; more than this is an error. */
export const TABLE_ENTRIES_MAX = 256;

/** ACPI marks turbo by an entry 1 MHz above the next one. */
const TURBO_STEP_KHZ = 1000;

const LISTED_TURBO: Turbo = { baseIndex: 1, onAtStart: true, enableIsMax: true };

/** The table of a driver that lists its speeds, in any order. `boostOff`: the operator has switched turbo off. */
export function listedTable(khz: readonly Khz[], boostOff: boolean): Result<FrequencyTable> {
  // ACPI lists the highest speed first, device trees the lowest.
  const highestFirst = [...new Set(khz)].sort((a, b) => b - a);
  const [first = 0, second = first] = highestFirst;
  const hasTurbo = first - second === TURBO_STEP_KHZ;
  return plainTable(highestFirst, { turbo: hasTurbo ? LISTED_TURBO : undefined, boostOff });
}

/**
 * Makes a table whose entries are written as they are. If the operator has switched turbo off, the entries above the
 * base are left out.
 */
export function plainTable(
  khz: readonly Khz[],
  { turbo, boostOff }: { turbo: Turbo | undefined; boostOff: boolean },
): Result<FrequencyTable> {
  const left = turbo !== undefined && boostOff ? khz.slice(turbo.baseIndex) : khz;
  if (left.length === 0) return failure("its lowest speed is above its highest");
  if (left.length > TABLE_ENTRIES_MAX) return failure(`more than ${TABLE_ENTRIES_MAX} speeds`);
  const hasTurbo = turbo !== undefined && !boostOff;
  return success({ speeds: left.map(plainSpeed), turbo: hasTurbo ? turbo : undefined });
}

/** An entry that DPDK's protocol shows as it is. */
export function plainSpeed(khz: Khz): Speed {
  return { khz, peerKhz: khz };
}
