import type { ScalingDriver } from "../driver.ts";
import { intelSpeeds } from "./intel-pstate.ts";

/**
 * intel_pstate in its passive mode, which DPDK's host does not support. With hardware P-states `scaling_setspeed` is
 * only a lower bound, so the speed is written to both limits; the userspace governor keeps its own speed within them.
 * The table is that of intel_pstate, so that a guest finds the same speeds in both modes.
 */
export const intelCpufreq: ScalingDriver = { governor: "userspace", files: "min-max", speeds: intelSpeeds };
