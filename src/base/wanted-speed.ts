import type { Khz } from "./domain.ts";

/**
 * The speed that a rule wants of any clock: the highest that its turbo setting allows, the lowest, a speed, or a part of
 * the range without turbo (0 the lowest, 100 the highest speed).
 */
export type WantedSpeed = "max" | "min" | Khz | { readonly percent: number };
