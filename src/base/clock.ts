import type { Khz, Pcpu } from "./domain.ts";

/**
 * CPUs that run at one speed: the CPUs of a cpufreq policy and of all other cpufreq policies with the same hardware
 * clock (`related_cpus`, ACPI `freqdomain_cpus`, SMT siblings).
 */
export interface Clock {
  /** Its lowest pCPU, even if that one is offline. */
  readonly id: Pcpu;
  /** Its CPUs that can be scaled now, ascending. */
  readonly pcpus: readonly Pcpu[];
  /** The kernel's `scaling_driver`. */
  readonly driver: string;
  readonly table: FrequencyTable;
  /** The highest speed that the original settings allow. A domain that never asked keeps it. */
  readonly baselineKhz: Khz;
  /** Whether it can be set to any speed between its lowest and its highest, not only to those of its table. */
  readonly anySpeed: boolean;
  /** Its CPUs with a raised base frequency (Intel SST-BF). */
  readonly priority: ReadonlySet<Pcpu>;
}

/** One entry of a clock's table. */
export interface Speed {
  /** The speed that the entry sets. */
  readonly khz: Khz;
  /**
   * The number that DPDK's guest protocol and shell show for the entry. It differs from {@link khz} only for
   * intel_pstate's turbo entry, which they show as base + 1. Nothing else may show this number.
   */
  readonly peerKhz: Khz;
}

/** The speeds of one clock, with the entries of DPDK's host (vm-power-protocol(7), "TABLES OF SPEEDS"). */
export interface FrequencyTable {
  /** Highest first, never empty. */
  readonly speeds: readonly Speed[];
  /** Undefined if the hardware has no turbo, or the host has switched it off. */
  readonly turbo: Turbo | undefined;
}

/** How turbo behaves on one clock: it depends on the scaling driver (vm-power-protocol(7), "STEPS AND TURBO"). */
export interface Turbo {
  /** Index of the highest speed without turbo. */
  readonly baseIndex: number;
  /** Whether turbo is enabled before the first request. */
  readonly onAtStart: boolean;
  /** Whether enabling turbo also goes to the highest speed. */
  readonly enableIsMax: boolean;
}

/** A speed between two entries of a table. */
export interface ExactSpeed {
  readonly khz: Khz;
}

/** A speed to set: an index into the clock's table, or a speed between two entries where the clock takes any speed. */
export type SpeedSetting = number | ExactSpeed;

/** What a clock should be set to: a speed, or the original settings. */
export type Setting = SpeedSetting | "baseline";

/** One setting to be written to one clock. */
export interface Write {
  readonly clock: Clock["id"];
  readonly setting: Setting;
}

/** A write that the kernel refused. */
export interface WriteRefused {
  /** The file and the kernel's answer, e.g. `cpu2/cpufreq/scaling_setspeed: EBUSY`. */
  readonly reason: string;
}
