export const CPU_ROOT = "/sys/devices/system/cpu";

/** Which hardware a host has. */
export interface Hardware {
  readonly driver: "acpi-cpufreq" | "intel_pstate";
  /** Highest first. */
  readonly khz: readonly number[];
  readonly cpus: number;
  /** CPUs of one cpufreq policy. */
  readonly perPolicy: number;
  /** CPUs of one core: their policies share a clock. */
  readonly threads: number;
  readonly governor: string;
  /** The base speed of intel_pstate. */
  readonly baseKhz: number;
}

/** The files of a policy that can be written. */
export const SETTABLE = [
  "scaling_governor",
  "scaling_min_freq",
  "scaling_max_freq",
  "scaling_setspeed",
] as const;

export type Settable = (typeof SETTABLE)[number];

/** What a policy is set to. */
export interface PolicyState {
  governor: string;
  minKhz: number;
  maxKhz: number;
  setKhz: number;
}

/** One cpufreq policy, as the kernel has it. */
export interface Policy {
  readonly cpus: readonly number[];
  readonly name: string;
  /** How it was made. */
  readonly initial: Readonly<PolicyState>;
  state: PolicyState;
  /** What was written to `scaling_setspeed`: limits that change bring it back as far as they allow. */
  askedKhz: number;
  /** False once it was removed or made anew: files that are still open lead nowhere. */
  isThere: boolean;
  /** The errno with which writes are refused at present. */
  refuses: string | undefined;
  /** A limit of the platform: `scaling_max_freq` never reports more. */
  limitKhz: number;
  /** Writes that were accepted. */
  writes: number;
}

/** Called for each write to a policy that was accepted, with its writer. */
export type Witness = (policy: Policy, file: Settable, text: string) => void;

export const GOVERNORS = ["performance", "powersave", "userspace", "ondemand", "schedutil"];

export const INTEL_GOVERNORS = ["performance", "powersave"];

/** The lowest of these speeds that is not below what was asked for, within the limits. */
export function settableKhz(
  { askedKhz, state: { minKhz, maxKhz } }: Pick<Policy, "askedKhz" | "state">,
  speeds: readonly number[],
): number {
  const bounded = Math.max(minKhz, Math.min(askedKhz, maxKhz));
  return speeds.findLast((entry) => entry >= bounded) ?? (speeds[0] as number);
}

/** The CPUs of the group of this size in which a CPU is. */
export function groupOf(cpu: number, size: number, { cpus }: Pick<Hardware, "cpus">): number[] {
  const first = cpu - (cpu % size);
  const end = Math.min(first + size, cpus);
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
}
