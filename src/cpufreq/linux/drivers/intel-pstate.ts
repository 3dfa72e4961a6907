import type { Speed, Turbo } from "../../../base/clock.ts";
import type { Khz } from "../../../base/domain.ts";
import { failure, type Result, success } from "../../../base/result.ts";
import { plainSpeed, TABLE_ENTRIES_MAX } from "../../speed-table.ts";
import type { CpuFiles, ScalingDriver, Speeds } from "../driver.ts";
import { STEP_KHZ, stepsDown, unusable } from "../ladder.ts";

/**
 * intel_pstate in its active mode. The hardware chooses a speed between the limits, so both are set to the requested
 * speed.
 */
export const intelPstate: ScalingDriver = { governor: "performance", files: "min-max", speeds: intelSpeeds };

/** From the base speed down in steps of 100 MHz. If there is turbo, the first entry is the highest turbo speed. */
export function intelSpeeds(files: CpuFiles): Result<Speeds> {
  const maxKhz = files.khz("cpuinfo_max_freq");
  if (maxKhz === undefined) return unusable(files, "cpuinfo_max_freq");
  const minKhz = files.khz("cpuinfo_min_freq");
  if (minKhz === undefined) return unusable(files, "cpuinfo_min_freq");
  const base = baseOf(files, { minKhz, maxKhz });
  const ladder = stepsDown(Math.min(base.khz, maxKhz), minKhz);
  const [topKhz] = ladder;
  if (topKhz === undefined) return failure("its lowest speed is above its highest");
  if (ladder.length >= TABLE_ENTRIES_MAX) return failure(`more than ${TABLE_ENTRIES_MAX} speeds`);
  const { priority } = base;
  if (base.khz >= maxKhz || files.boostOff) {
    return success({ table: { speeds: ladder.map(plainSpeed), turbo: undefined }, priority });
  }
  const turbo: Turbo = { baseIndex: 1, onAtStart: false, enableIsMax: false };
  const top: Speed = { khz: maxKhz, peerKhz: topKhz + 1 };
  return success({ table: { speeds: [top, ...ladder.map(plainSpeed)], turbo }, priority });
}

interface Base {
  readonly khz: Khz;
  readonly priority: boolean;
}

/** The highest speed without turbo, in steps of 100 MHz as in DPDK's host. */
function baseOf(files: CpuFiles, { minKhz, maxKhz }: { minKhz: Khz; maxKhz: Khz }): Base {
  const minBin = Math.floor(minKhz / STEP_KHZ);
  const maxBin = Math.floor(maxKhz / STEP_KHZ);
  const baseBin = Math.floor((files.khz("base_frequency") ?? 0) / STEP_KHZ);
  // With turbo switched off, newer kernels leave it out of cpuinfo_max_freq already.
  if (files.boostOff && baseBin >= maxBin) return { khz: maxKhz, priority: false };
  const share = files.turboPercent;
  // Without turbo_pct (hybrid processors, per-CPU limits) only the kernel's base frequency is known.
  if (share === undefined) {
    const known = baseBin > 0 && baseBin <= maxBin;
    return { khz: known ? baseBin * STEP_KHZ : maxKhz, priority: false };
  }
  const nonTurboBin = minBin + Math.floor(((100 - Math.min(share, 100)) * (maxBin - minBin)) / 100);
  // A base above the highest speed is a known fault of some kernels.
  if (baseBin > nonTurboBin && baseBin <= maxBin) return { khz: baseBin * STEP_KHZ, priority: true };
  return { khz: nonTurboBin * STEP_KHZ, priority: false };
}
