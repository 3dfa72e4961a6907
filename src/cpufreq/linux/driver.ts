import type { FrequencyTable } from "../../base/clock.ts";
import type { Khz } from "../../base/domain.ts";
import type { Result } from "../../base/result.ts";

/** What differs between the kernel's scaling drivers. */
export interface ScalingDriver {
  /** The governor under which the kernel sets what the files contain. */
  readonly governor: "userspace" | "performance";
  /** The files that carry a speed: `scaling_setspeed`, or `scaling_min_freq` together with `scaling_max_freq`. */
  readonly files: SpeedFilesKind;
  /** Reads the speeds of one CPU; a failure tells an operator why there are none. */
  speeds(files: CpuFiles): Result<Speeds>;
}

/** See {@link ScalingDriver.files}. */
export type SpeedFilesKind = "setspeed" | "min-max";

/** The speeds of one CPU. */
export interface Speeds {
  readonly table: FrequencyTable;
  /** Whether its base frequency is raised (Intel SST-BF). */
  readonly priority: boolean;
}

/**
 * The files from which one CPU's speeds are read. A number is undefined if the file is missing or has other content.
 */
export interface CpuFiles {
  /** In `cpuN/cpufreq`. */
  text(file: string): string | undefined;
  /** In `cpuN/cpufreq`. */
  khz(file: string): Khz | undefined;
  /** In `cpuN/acpi_cppc`. */
  cppc(file: string): number | undefined;
  /** `intel_pstate/turbo_pct`. */
  readonly turboPercent: number | undefined;
  /**
   * The operator has switched turbo off (`intel_pstate/no_turbo`, `cpufreq/boost`, or `boost` of the cpufreq policy).
   */
  readonly boostOff: boolean;
}
