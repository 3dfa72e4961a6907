/** Drivers whose files can be simulated. */
export type TreeDriver =
  | "acpi-cpufreq"
  | "intel_pstate"
  | "intel_cpufreq"
  | "amd-pstate"
  | "amd-pstate-epp"
  | "cppc_cpufreq";

/** The speeds of a simulated CPU. */
export interface TreeSpeeds {
  /** Highest first. acpi-cpufreq lists them all; for other drivers only the first and the last count. */
  readonly khz: readonly number[];
  /** The highest speed without turbo, for drivers that do not list it; the default is the highest of all. */
  readonly baseKhz?: number;
}

/** File names and their content, without the newline. */
export type CpufreqFiles = Readonly<Record<string, string | undefined>>;

/** The files of one driver. */
interface DriverFiles {
  /** Below the root. */
  readonly host: CpufreqFiles;
  /** Below `cpuN`. */
  readonly cpu: CpufreqFiles;
  /** In the directory of the cpufreq policy. */
  readonly policy: CpufreqFiles;
}

/** One unit of ACPI performance in kHz, for firmware that counts in 10 MHz. */
const PERFORMANCE_KHZ = 10_000;

/** The files of a kernel with this driver before any change. */
export function driverFiles(driver: TreeDriver, { khz, baseKhz }: TreeSpeeds): DriverFiles {
  const max = Math.max(...khz);
  const min = Math.min(...khz);
  const range: Range = { max, min, base: baseKhz ?? max };
  switch (driver) {
    case "acpi-cpufreq":
      return acpiCpufreq(khz, range);
    case "intel_pstate":
      return intel(range, ACTIVE_INTEL);
    case "intel_cpufreq":
      return intel(range, PASSIVE_INTEL);
    case "amd-pstate":
      return amd(range, PASSIVE_AMD);
    case "amd-pstate-epp":
      return amd(range, ACTIVE_AMD);
    case "cppc_cpufreq":
      return {
        host: {},
        cpu: cppcFiles(range),
        policy: common(range, { scaling_driver: "cppc_cpufreq", ...UTILIZATION }),
      };
  }
}

interface Range {
  readonly max: number;
  readonly min: number;
  readonly base: number;
}

/** Governors of drivers with which the kernel chooses the speed. */
const UTILIZATION: CpufreqFiles = {
  scaling_available_governors: "conservative ondemand userspace powersave performance schedutil",
  scaling_governor: "schedutil",
};

/** Governors of drivers that choose the speed themselves. */
const AUTONOMOUS: CpufreqFiles = {
  scaling_available_governors: "performance powersave",
  scaling_governor: "powersave",
};

const PREFERENCES: CpufreqFiles = {
  energy_performance_available_preferences: "default performance balance_performance balance_power power",
  energy_performance_preference: "balance_performance",
};

const ACTIVE_INTEL = {
  status: "active",
  policy: { scaling_driver: "intel_pstate", ...AUTONOMOUS, ...PREFERENCES },
};
const PASSIVE_INTEL = {
  status: "passive",
  policy: { scaling_driver: "intel_cpufreq", ...UTILIZATION, ...PREFERENCES },
};
const PASSIVE_AMD = { status: "passive", policy: { scaling_driver: "amd-pstate", ...UTILIZATION } };
const ACTIVE_AMD = {
  status: "active",
  policy: { scaling_driver: "amd-pstate-epp", ...AUTONOMOUS, ...PREFERENCES },
};

/** The difference between two modes of a driver. */
interface Mode {
  readonly status: string;
  readonly policy: CpufreqFiles;
}

function common({ max, min, base }: Range, more: CpufreqFiles): CpufreqFiles {
  return {
    cpuinfo_max_freq: `${max}`,
    cpuinfo_min_freq: `${min}`,
    cpuinfo_transition_latency: "10000",
    scaling_cur_freq: `${base}`,
    scaling_max_freq: `${max}`,
    scaling_min_freq: `${min}`,
    scaling_setspeed: "<unsupported>",
    ...more,
  };
}

function acpiCpufreq(khz: readonly number[], range: Range): DriverFiles {
  const listed = [...khz].sort((a, b) => b - a);
  return {
    host: { "cpufreq/boost": "1" },
    cpu: {},
    policy: common(range, {
      scaling_driver: "acpi-cpufreq",
      bios_limit: `${range.max}`,
      cpuinfo_cur_freq: `${range.base}`,
      // The kernel ends the list with a blank.
      scaling_available_frequencies: `${listed.join(" ")} `,
      ...UTILIZATION,
    }),
  };
}

function intel(range: Range, { status, policy }: Mode): DriverFiles {
  const bin = (value: number) => Math.floor(value / 100_000);
  const states = bin(range.max) - bin(range.min) + 1;
  const withoutTurbo = bin(range.base) - bin(range.min) + 1;
  return {
    host: {
      "intel_pstate/status": status,
      "intel_pstate/no_turbo": "0",
      "intel_pstate/max_perf_pct": "100",
      "intel_pstate/min_perf_pct": `${Math.floor((100 * range.min) / range.max)}`,
      "intel_pstate/num_pstates": `${states}`,
      "intel_pstate/turbo_pct": `${100 - Math.floor((100 * withoutTurbo) / states)}`,
    },
    cpu: {},
    policy: common(range, { base_frequency: `${range.base}`, ...policy }),
  };
}

function amd(range: Range, { status, policy }: Mode): DriverFiles {
  return {
    host: { "amd_pstate/status": status, "cpufreq/boost": "1" },
    cpu: cppcFiles(range),
    policy: common(range, {
      amd_pstate_highest_perf: `${Math.floor(range.max / PERFORMANCE_KHZ)}`,
      amd_pstate_lowest_nonlinear_freq: `${range.min}`,
      amd_pstate_max_freq: `${range.max}`,
      ...policy,
    }),
  };
}

function cppcFiles({ max, min, base }: Range): CpufreqFiles {
  const performance = (khz: number) => `${Math.floor(khz / PERFORMANCE_KHZ)}`;
  const mhz = (khz: number) => `${Math.floor(khz / 1000)}`;
  return {
    "acpi_cppc/highest_perf": performance(max),
    "acpi_cppc/lowest_freq": mhz(min),
    "acpi_cppc/lowest_nonlinear_perf": performance(min),
    "acpi_cppc/lowest_perf": performance(min),
    "acpi_cppc/nominal_freq": mhz(base),
    "acpi_cppc/nominal_perf": performance(base),
    "acpi_cppc/reference_perf": performance(base),
  };
}
