import type { ScalingDriver } from "../driver.ts";
import { AMD_STEPS, amdSpeeds } from "./amd-pstate.ts";

/**
 * amd-pstate in its active mode, which DPDK's host does not support. The hardware chooses a speed between the limits,
 * so both are set to the requested speed, under `performance`, where no energy preference lowers it. The table is that
 * of amd-pstate, so that a guest finds the same speeds in both modes. It lies between the hardware's limits, because
 * the scaling limits are the ones we write.
 */
export const amdPstateEpp: ScalingDriver = {
  governor: "performance",
  files: "min-max",
  speeds: (files) =>
    amdSpeeds(files, {
      max: "cpuinfo_max_freq",
      min: "cpuinfo_min_freq",
      // The step without the 32-bit overflow of DPDK's host above 4.19 GHz, which no guest can rely on here.
      stepKhz: (rangeKhz) => Math.floor(rangeKhz / AMD_STEPS),
    }),
};
