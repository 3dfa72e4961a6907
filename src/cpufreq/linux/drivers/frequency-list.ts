import { failure, type Result } from "../../../base/result.ts";
import type { CpuFiles, ScalingDriver, Speeds } from "../driver.ts";
import { plainSpeeds } from "../ladder.ts";
import { parseKhz, quote } from "../sysfs-file.ts";

/** acpi-cpufreq marks turbo by an entry 1 MHz above the next one. */
const TURBO_STEP_KHZ = 1000;

const TURBO = { baseIndex: 1, onAtStart: true, enableIsMax: true };

/** Any driver that lists its speeds and has the userspace governor, like acpi-cpufreq. */
export const frequencyList: ScalingDriver = { governor: "userspace", files: "setspeed", speeds };

function speeds(files: CpuFiles): Result<Speeds> {
  const listed = files.text("scaling_available_frequencies");
  if (listed === undefined)
    return failure(`driver ${quote(files.text("scaling_driver") ?? "")} lists no speeds`);
  const khz = listed.split(/\s+/).map(parseKhz);
  if (!khz.every((entry) => entry !== undefined))
    return failure(`scaling_available_frequencies says ${quote(listed)}`);
  // ACPI lists the highest speed first, device trees the lowest.
  const highestFirst = [...new Set(khz)].sort((a, b) => b - a);
  const [first, second] = highestFirst;
  const hasTurbo = first !== undefined && second !== undefined && first - second === TURBO_STEP_KHZ;
  return plainSpeeds(highestFirst, { turbo: hasTurbo ? TURBO : undefined, boostOff: files.boostOff });
}
