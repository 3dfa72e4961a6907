import type { Speed, Turbo } from "../../base/clock.ts";
import type { Khz } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { CpuFiles, Speeds } from "./driver.ts";
import { quote } from "./sysfs-file.ts";

/** The most entries of a table. DPDK's host has 63; more than this is an error. */
export const TABLE_ENTRIES_MAX = 256;

/** The step of tables that no file lists. */
export const STEP_KHZ = 100_000;

/** Returns the speeds from `topKhz` down to `bottomKhz` in steps of 100 MHz. */
export function stepsDown(topKhz: Khz, bottomKhz: Khz): Khz[] {
  const count = Math.min(Math.floor((topKhz - bottomKhz) / STEP_KHZ) + 1, TABLE_ENTRIES_MAX + 1);
  return Array.from({ length: Math.max(count, 0) }, (_, i) => topKhz - i * STEP_KHZ);
}

/**
 * Makes a table whose entries are written as they are. If the operator has switched turbo off, the entries above the
 * base are left out.
 */
export function plainSpeeds(
  khz: readonly Khz[],
  { turbo, boostOff }: { turbo: Turbo | undefined; boostOff: boolean },
): Result<Speeds> {
  const left = turbo !== undefined && boostOff ? khz.slice(turbo.baseIndex) : khz;
  if (left.length === 0) return failure("its lowest speed is above its highest");
  if (left.length > TABLE_ENTRIES_MAX) return failure(`more than ${TABLE_ENTRIES_MAX} speeds`);
  const hasTurbo = turbo !== undefined && !boostOff;
  const table = { speeds: left.map(plainSpeed), turbo: hasTurbo ? turbo : undefined };
  return success({ table, priority: false });
}

/** An entry that DPDK's protocol shows as it is. */
export function plainSpeed(khz: Khz): Speed {
  return { khz, peerKhz: khz };
}

/** The failure that a file which a table needs cannot be used. */
export function unusable(files: CpuFiles, file: string): Result<never> {
  const text = files.text(file);
  return failure(text === undefined ? `no ${file}` : `${file} says ${quote(text)}`);
}
