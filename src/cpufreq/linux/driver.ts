import type { FrequencyTable } from "../../base/clock.ts";
import type { Khz } from "../../base/domain.ts";

/** What one of the kernel's scaling drivers needs: three facts. */
export interface ScalingDriver {
  /** The governor under which the kernel does what the files say. */
  readonly governor: "userspace" | "performance";
  /** Which files carry a speed: `scaling_setspeed`, or `scaling_min_freq` and `scaling_max_freq` together. */
  readonly files: SpeedFilesKind;
  /** The speeds of one CPU, or for an operator why there are none. */
  speeds(files: CpuFiles): Speeds | string;
}

/** See {@link ScalingDriver.files}. */
export type SpeedFilesKind = "setspeed" | "min-max";

/** The speeds of one CPU. */
export interface Speeds {
  readonly table: FrequencyTable;
  /** Whether its base frequency is raised (Intel SST-BF). */
  readonly priority: boolean;
}

/** The files that tell of one CPU's speeds; a number is undefined when the file is missing or says something else. */
export interface CpuFiles {
  /** In `cpuN/cpufreq`. */
  text(file: string): string | undefined;
  /** In `cpuN/cpufreq`. */
  khz(file: string): Khz | undefined;
  /** In `cpuN/acpi_cppc`. */
  cppc(file: string): number | undefined;
  /** `intel_pstate/turbo_pct`. */
  readonly turboPercent: number | undefined;
  /** The operator's switch (`intel_pstate/no_turbo`, `cpufreq/boost`, `boost` of the cpufreq policy) is off. */
  readonly boostOff: boolean;
}
