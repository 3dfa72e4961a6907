// In place of src/os/clock-time.ts: Node's own clock is CLOCK_MONOTONIC.

export function monotonicUs(): bigint {
  return process.hrtime.bigint() / 1000n;
}
