/** Each octave has four buckets, so the ends of a bucket differ by at most a quarter. */
const STEPS_BITS = 2;
const STEPS = 1 << STEPS_BITS;

/** All times below 1 µs are in the first bucket, all above 134 ms in the last. */
const FIRST_OCTAVE = 10;
const LAST_OCTAVE = 26;

/** Number of buckets of every histogram. */
export const BUCKETS = (LAST_OCTAVE - FIRST_OCTAVE + 1) * STEPS + 2;

/** Counts durations in fixed buckets. Observing a duration allocates nothing. */
export class Histogram {
  readonly counts = new Float64Array(BUCKETS);
  sumNs = 0;

  observe(ns: number): void {
    const at = bucketOf(ns);
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sumNs += ns;
  }
}

/** Returns the bucket of a duration. */
export function bucketOf(ns: number): number {
  if (ns < 1 << FIRST_OCTAVE) return 0;
  if (ns >= 1 << (LAST_OCTAVE + 1)) return BUCKETS - 1;
  const whole = ns | 0;
  const octave = 31 - Math.clz32(whole);
  return 1 + (octave - FIRST_OCTAVE) * STEPS + ((whole >> (octave - STEPS_BITS)) & (STEPS - 1));
}

/** Returns the end of a bucket in ns; the durations in the bucket are shorter. */
export function bucketEndNs(bucket: number): number {
  if (bucket >= BUCKETS - 1) return Number.POSITIVE_INFINITY;
  const octave = FIRST_OCTAVE + Math.floor((bucket - 1) / STEPS);
  return bucket === 0
    ? 1 << FIRST_OCTAVE
    : (1 << octave) + (((bucket - 1) % STEPS) + 1) * (1 << (octave - STEPS_BITS));
}

/**
 * Returns the end in ns of the bucket that contains the quantile `share` (0 to 1); undefined if nothing was observed.
 */
export function quantileNs(counts: ArrayLike<number>, share: number): number | undefined {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket] as number;
  if (total === 0) return undefined;
  let below = 0;
  for (let bucket = 0; bucket < counts.length - 1; bucket++) {
    below += counts[bucket] as number;
    if (below >= total * share) return bucketEndNs(bucket);
  }
  return bucketEndNs(counts.length - 2);
}
