import { failure, type Result, success } from "../../../base/result.ts";
import { listedTable } from "../../speed-table.ts";
import type { CpuFiles, ScalingDriver, Speeds } from "../driver.ts";
import { parseKhz, quote } from "../sysfs-file.ts";

/** Any driver that lists its speeds and has the userspace governor, like acpi-cpufreq. */
export const frequencyList: ScalingDriver = { governor: "userspace", files: "setspeed", speeds };

function speeds(files: CpuFiles): Result<Speeds> {
  const listed = files.text("scaling_available_frequencies");
  if (listed === undefined)
    return failure(`driver ${quote(files.text("scaling_driver") ?? "")} lists no speeds`);
  const khz = listed.split(/\s+/).map(parseKhz);
  if (!khz.every((entry) => entry !== undefined))
    return failure(`scaling_available_frequencies says ${quote(listed)}`);
  const table = listedTable(khz, files.boostOff);
  return table.ok ? success({ table: table.value, priority: false }) : table;
}
