import type { ScalingDriver } from "../driver.ts";
import { AMD_STEPS, amdSpeeds } from "./amd-pstate.ts";

/**
 * amd-pstate in its active mode, which the peer does not know. The hardware chooses between the limits, so both are
 * put on the speed asked for, under `performance`: no energy preference then holds it back. The ladder is amd-pstate's,
 * so that a guest finds the same speeds in either mode, but between the hardware's limits: the scaling limits are ours.
 */
export const amdPstateEpp: ScalingDriver = {
  governor: "performance",
  files: "min-max",
  speeds: (files) =>
    amdSpeeds(files, {
      max: "cpuinfo_max_freq",
      min: "cpuinfo_min_freq",
      // The peer's sum without its wrap above 4.19 GHz: here nobody relies on it.
      stepKhz: (rangeKhz) => Math.floor(rangeKhz / AMD_STEPS),
    }),
};
