/** How long to wait between tries. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Milliseconds to wait before try `attempt` (1 for the first repetition): doubled each time, up to the maximum. */
export function backoffMs({ firstMs, maxMs }: Backoff, attempt: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30));
}
