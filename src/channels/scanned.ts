import type { Stats } from "node:fs";

/** A directory as a scan found it. */
export interface Scanned {
  /** Undefined if it cannot be used. */
  readonly stats: Stats | undefined;
  /** On the monotonic clock. */
  readonly atMs: number;
  /** Whether any later change of the entries gives the directory another time. */
  certain: boolean;
}

/** The kernel's times of files advance by ticks: two changes within one may have the same time. */
export const TICK_MS = 100;

/** Whether nothing says that the entries of a directory changed since a scan. */
export function looksSame(now: Stats | undefined, { stats }: Scanned): boolean {
  if (now === undefined || stats === undefined) return now === stats;
  return (["ino", "dev", "uid", "mode", "mtimeMs"] as const).every((key) => now[key] === stats[key]);
}
