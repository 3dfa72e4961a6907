import type { Turbo } from "../../../base/clock.ts";
import type { Khz } from "../../../base/domain.ts";
import { failure, type Result } from "../../../base/result.ts";
import type { CpuFiles, ScalingDriver, Speeds } from "../driver.ts";
import { plainSpeeds, unusable } from "../ladder.ts";

/** Steps from the highest to the lowest speed. The table has one entry more. */
export const AMD_STEPS = 63;

/** The speeds of the table are multiples of 1 MHz. */
const ROUND_KHZ = 1000;

/**
 * amd-pstate in its passive and guided modes. In guided mode the hardware chooses a speed only under governors that
 * follow the load; under userspace it runs at the speed that is set.
 */
export const amdPstate: ScalingDriver = {
  governor: "userspace",
  files: "setspeed",
  speeds: (files) =>
    amdSpeeds(files, { max: "scaling_max_freq", min: "scaling_min_freq", stepKhz: peerStep }),
};

/** The limits of a table of 64 even steps, and the width of a step. */
interface AmdLadder {
  readonly max: string;
  readonly min: string;
  stepKhz(rangeKhz: Khz): Khz;
}

/** Makes the table between two limits. */
export function amdSpeeds(files: CpuFiles, limits: AmdLadder): Result<Speeds> {
  const maxKhz = files.khz(limits.max);
  if (maxKhz === undefined) return unusable(files, limits.max);
  const minKhz = files.khz(limits.min);
  if (minKhz === undefined) return unusable(files, limits.min);
  if (maxKhz < minKhz) return failure("its lowest speed is above its highest");
  const khz = evenSteps(maxKhz, limits.stepKhz(maxKhz - minKhz));
  return plainSpeeds(khz, { turbo: turboOf(files, khz), boostOff: files.boostOff });
}

/**
 * The step as DPDK's host computes it, in 32-bit unsigned numbers. A range above 4.19 GHz overflows, so its table ends
 * early.
 */
function peerStep(rangeKhz: Khz): Khz {
  return Math.floor(((rangeKhz << 10) >>> 0) / AMD_STEPS) >>> 10;
}

/** Rounds to whole MHz; equal neighbours count once. */
function evenSteps(maxKhz: Khz, stepKhz: Khz): Khz[] {
  const khz: Khz[] = [];
  for (let step = 0; step <= AMD_STEPS; step++) {
    const rounded = Math.floor((maxKhz - step * stepKhz + ROUND_KHZ / 2) / ROUND_KHZ) * ROUND_KHZ;
    if (rounded !== khz.at(-1)) khz.push(rounded);
  }
  return khz;
}

function turboOf(files: CpuFiles, khz: readonly Khz[]): Turbo | undefined {
  const highest = files.cppc("highest_perf");
  const nominal = files.cppc("nominal_perf");
  const nominalMhz = files.cppc("nominal_freq");
  if (highest === undefined || nominal === undefined || nominalMhz === undefined) return undefined;
  if (highest <= nominal) return undefined;
  const baseIndex = khz.findIndex((entry) => entry <= nominalMhz * 1000);
  return baseIndex < 0 ? undefined : { baseIndex, onAtStart: true, enableIsMax: true };
}
