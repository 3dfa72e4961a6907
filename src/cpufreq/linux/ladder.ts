import type { Turbo } from "../../base/clock.ts";
import type { Khz } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { plainTable, TABLE_ENTRIES_MAX } from "../speed-table.ts";
import type { CpuFiles, Speeds } from "./driver.ts";
import { quote } from "./sysfs-file.ts";

/** The step of tables that no file lists. */
export const STEP_KHZ = 100_000;

/** Returns the speeds from `topKhz` down to `bottomKhz` in steps of 100 MHz. */
export function stepsDown(topKhz: Khz, bottomKhz: Khz): Khz[] {
  const count = Math.min(Math.floor((topKhz - bottomKhz) / STEP_KHZ) + 1, TABLE_ENTRIES_MAX + 1);
  return Array.from({ length: Math.max(count, 0) }, (_, i) => topKhz - i * STEP_KHZ);
}

/** The speeds of a CPU whose base frequency is not raised, see {@link plainTable}. */
export function plainSpeeds(
  khz: readonly Khz[],
  options: { turbo: Turbo | undefined; boostOff: boolean },
): Result<Speeds> {
  const table = plainTable(khz, options);
  return table.ok ? success({ table: table.value, priority: false }) : table;
}

/** The failure that a file which a table needs cannot be used. */
export function unusable(files: CpuFiles, file: string): Result<never> {
  const text = files.text(file);
  return failure(text === undefined ? `no ${file}` : `${file} says ${quote(text)}`);
}
