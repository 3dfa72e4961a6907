import { failure, type Result } from "../../../base/result.ts";
import type { CpuFiles, ScalingDriver, Speeds } from "../driver.ts";
import { plainSpeeds, stepsDown, unusable } from "../ladder.ts";

/** Some platforms count performance in units of 10 MHz, others in kHz: 300 and 3000000 both mean 3 GHz. */
const PERFORMANCE_UNIT_KHZ = 10_000;

const TURBO = { baseIndex: 1, onAtStart: true, enableIsMax: true };

/** cppc_cpufreq: from the nominal speed down in steps of 100 MHz, with turbo above it. */
export const acpiCppc: ScalingDriver = { governor: "userspace", files: "setspeed", speeds };

function speeds(files: CpuFiles): Result<Speeds> {
  const maxKhz = files.khz("scaling_max_freq");
  if (maxKhz === undefined) return unusable(files, "scaling_max_freq");
  const minKhz = files.khz("scaling_min_freq");
  if (minKhz === undefined) return unusable(files, "scaling_min_freq");
  const nominal = files.cppc("nominal_perf");
  if (nominal === undefined || nominal === 0) return failure("no number in acpi_cppc/nominal_perf");
  const nominalKhz = nominal < PERFORMANCE_UNIT_KHZ ? nominal * PERFORMANCE_UNIT_KHZ : nominal;
  const ladder = stepsDown(nominalKhz, minKhz);
  const { boostOff } = files;
  // If the operator's limit is below the nominal speed there is no turbo; the table must stay in order.
  if (!isTurbo(files, nominal) || maxKhz <= nominalKhz)
    return plainSpeeds(ladder, { turbo: undefined, boostOff });
  return plainSpeeds([maxKhz, ...ladder], { turbo: TURBO, boostOff });
}

function isTurbo(files: CpuFiles, nominal: number): boolean {
  const highest = files.cppc("highest_perf");
  const topKhz = files.khz("cpuinfo_max_freq");
  if (highest === undefined || highest <= nominal) return false;
  return topKhz === highest || topKhz === highest * PERFORMANCE_UNIT_KHZ;
}
