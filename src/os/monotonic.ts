import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

const CLOCK_MONOTONIC = 1;

/** Microseconds of CLOCK_MONOTONIC. Bun's own clocks count from the start of the process. */
export function monotonicUs(): bigint {
  const time = new BigInt64Array(2);
  libc().clock_gettime(CLOCK_MONOTONIC, ptr(time));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return seconds * 1_000_000n + nanoseconds / 1000n;
}
