/** One cpufreq policy. */
export interface PlayedPolicy {
  readonly cpus: readonly number[];
  /** In the order of the firmware's table. */
  khz: readonly number[];
  governor: string;
  currentKhz: number;
  minKhz: number;
  maxKhz: number;
}

/** One vCPU of a domain. */
interface PlayedVcpu {
  online: boolean;
  pins: readonly number[];
}

/** A domain. */
export interface PlayedDomain {
  readonly id: number;
  readonly handle: string;
  flags: number;
  pool: number;
  vcpus: PlayedVcpu[];
}

/** Flags of a domain, and the place of the code of its shutdown. */
export const FLAG = { dying: 1, shutdown: 4, paused: 8, blocked: 16 } as const;

export const SHUTDOWN_SHIFT = 16;
