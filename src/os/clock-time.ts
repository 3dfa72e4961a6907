import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

const CLOCK_MONOTONIC = 1;
const CLOCK_PROCESS_CPUTIME_ID = 2;

/** Microseconds of CLOCK_MONOTONIC. Bun's own clocks count from the start of the process. */
export function monotonicUs(): bigint {
  return readUs(CLOCK_MONOTONIC);
}

/** Microseconds of CPU time that all threads of this process have used. */
export function processCpuUs(): bigint {
  return readUs(CLOCK_PROCESS_CPUTIME_ID);
}

/** Reads a clock of clock_gettime(2). */
function readUs(clock: number): bigint {
  const time = new BigInt64Array(2);
  libc().clock_gettime(clock, ptr(time));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return seconds * 1_000_000n + nanoseconds / 1000n;
}
