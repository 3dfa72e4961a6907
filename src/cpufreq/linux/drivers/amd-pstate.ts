import type { Turbo } from "../../../base/clock.ts";
import type { Khz } from "../../../base/domain.ts";
import type { CpuFiles, ScalingDriver, Speeds } from "../driver.ts";
import { plainSpeeds, unusable } from "../ladder.ts";

/** Steps from the highest to the lowest speed; the table has one entry more. */
export const AMD_STEPS = 63;

/** The table is in whole MHz. */
const ROUND_KHZ = 1000;

/**
 * amd-pstate in its passive and guided modes. Guided lets the hardware choose only under the governors that follow
 * the load; under userspace a speed that is set is the speed.
 */
export const amdPstate: ScalingDriver = {
  governor: "userspace",
  files: "setspeed",
  speeds: (files) =>
    amdSpeeds(files, { max: "scaling_max_freq", min: "scaling_min_freq", stepKhz: peerStep }),
};

/** Where a ladder of 64 even steps starts and ends, and how wide a step of it is. */
interface AmdLadder {
  readonly max: string;
  readonly min: string;
  stepKhz(rangeKhz: Khz): Khz;
}

/** The speeds between two limits. */
export function amdSpeeds(files: CpuFiles, limits: AmdLadder): Speeds | string {
  const maxKhz = files.khz(limits.max);
  if (maxKhz === undefined) return unusable(files, limits.max);
  const minKhz = files.khz(limits.min);
  if (minKhz === undefined) return unusable(files, limits.min);
  if (maxKhz < minKhz) return "its lowest speed is above its highest";
  const khz = evenSteps(maxKhz, limits.stepKhz(maxKhz - minKhz));
  return plainSpeeds(khz, { turbo: turboOf(files, khz), boostOff: files.boostOff });
}

/** As the peer counts, in 32-bit unsigned numbers: a range above 4.19 GHz wraps, and its ladder ends early. */
function peerStep(rangeKhz: Khz): Khz {
  return Math.floor(((rangeKhz << 10) >>> 0) / AMD_STEPS) >>> 10;
}

/** Rounded to whole MHz, equal neighbours once. */
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
