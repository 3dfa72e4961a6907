import type { Khz } from "./domain.ts";

/** Writes a speed for people, always in one unit so that speeds can be compared at a glance: `2.301 GHz`, `0.800 GHz`. */
export function formatKhz(khz: Khz): string {
  return `${formatGhz(khz)} GHz`;
}

/** Writes a speed in GHz without its unit: `2.301`. The third digit is often all that tells turbo from the speed below. */
export function formatGhz(khz: Khz): string {
  return (khz / 1_000_000).toFixed(3);
}
