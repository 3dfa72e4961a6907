import type { Cpu } from "../admin/control-types.ts";
import type { Khz } from "../base/domain.ts";

/** The number of colours. The style sheet has a class for each of them, `s0` to `s7`. */
export const STEPS = 8;

/** The speeds that the colours stand for, from the slowest to the fastest that any CPU of the host can have. */
export interface SpeedScale {
  readonly minKhz: Khz;
  readonly maxKhz: Khz;
}

/** The scale of a host; one without a known speed has an empty one. */
export function scaleOf(cpus: readonly Cpu[]): SpeedScale {
  let minKhz = Number.POSITIVE_INFINITY;
  let maxKhz = 0;
  for (const { tableKhz, minKhz: low, maxKhz: high, currentKhz } of cpus)
    for (const khz of [tableKhz[0], tableKhz.at(-1), low, high, currentKhz]) {
      if (khz === undefined) continue;
      minKhz = Math.min(minKhz, khz);
      maxKhz = Math.max(maxKhz, khz);
    }
  return maxKhz === 0 ? { minKhz: 0, maxKhz: 0 } : { minKhz, maxKhz };
}

/** The number of the colour of a speed, from 0. */
export function stepOf(khz: Khz, { minKhz, maxKhz }: SpeedScale): number {
  if (maxKhz <= minKhz) return STEPS - 1;
  const part = (khz - minKhz) / (maxKhz - minKhz);
  return Math.min(STEPS - 1, Math.max(0, Math.floor(part * STEPS)));
}
