/** Two counters of one vCPU, in any unit. They only grow. */
export interface Counters {
  readonly busy: number;
  readonly total: number;
}

/** A source that tells how busy vCPUs are. */
export interface BusySource {
  readonly name: string;
  /** Counters by vCPU; undefined if they cannot be read now. */
  read(): Promise<ReadonlyMap<number, Counters> | undefined>;
  close(): void;
}

/** How busy a vCPU was between two readings, in percent; undefined if the counters went back. */
export function busyPercent(before: Counters | undefined, after: Counters | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const total = after.total - before.total;
  const busy = after.busy - before.busy;
  return total > 0 && busy >= 0 && busy <= total ? (100 * busy) / total : undefined;
}
