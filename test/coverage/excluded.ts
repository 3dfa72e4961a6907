import type { Excluded } from "./coverage.ts";

/** Every line of the pure floors that no test runs. */
export const EXCLUDED: readonly Excluded[] = [];
