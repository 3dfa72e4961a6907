/** Two counters of one vCPU that only grow, in whatever unit. */
export interface Counters {
  readonly busy: number;
  readonly total: number;
}

/** Tells how busy vCPUs are. */
export interface BusySource {
  readonly name: string;
  /** By vCPU; undefined when it cannot tell now. */
  read(): Promise<ReadonlyMap<number, Counters> | undefined>;
  close(): void;
}

/** How busy a vCPU was between two readings, in percent; undefined when they do not follow each other. */
export function busyPercent(before: Counters | undefined, after: Counters | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const total = after.total - before.total;
  const busy = after.busy - before.busy;
  return total > 0 && busy >= 0 && busy <= total ? (100 * busy) / total : undefined;
}
