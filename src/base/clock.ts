import type { Khz, Pcpu } from "./domain.ts";

/**
 * CPUs that run at one speed: a cpufreq policy, joined with those it shares the hardware's clock with
 * (`related_cpus`, ACPI `freqdomain_cpus`, SMT siblings).
 */
export interface Clock {
  /** Its lowest pCPU, also when that one is offline. */
  readonly id: Pcpu;
  /** Its CPUs that can be scaled now, ascending. */
  readonly pcpus: readonly Pcpu[];
  /** The kernel's `scaling_driver`. */
  readonly driver: string;
  readonly table: FrequencyTable;
  /** The highest speed that the settings found before ours allow: what a silent domain may count on. */
  readonly baselineKhz: Khz;
  /** Whether it can hold any speed between its lowest and its highest, and not only those of its table. */
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
  /** Undefined where the hardware or the host's own switch has no turbo. */
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

/** A speed to be held: an index into a clock's table, or where the clock takes any speed, one between two entries. */
export type SpeedSetting = number | ExactSpeed;

/** What should hold on a clock: a speed, or the settings that were there before ours. */
export type Setting = SpeedSetting | "baseline";

/** An order to the kernel: this is what should hold now. */
export interface Write {
  readonly clock: Clock["id"];
  readonly setting: Setting;
}

/** A write that the kernel did not accept. */
export interface WriteRefused {
  /** The file and the kernel's answer, e.g. `cpu2/cpufreq/scaling_setspeed: EBUSY`. */
  readonly reason: string;
}
