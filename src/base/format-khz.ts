import type { Khz } from "./domain.ts";

/** Formats a speed for people, always in GHz so that speeds are easy to compare: `2.301 GHz`, `0.800 GHz`. */
export function formatKhz(khz: Khz): string {
  return `${formatGhz(khz)} GHz`;
}

/**
 * Formats a speed in GHz without the unit: `2.301`. Often only the third digit tells turbo from the next lower speed.
 */
export function formatGhz(khz: Khz): string {
  return (khz / 1_000_000).toFixed(3);
}
