import type { Happened } from "./replay.ts";

/** What once went wrong, and must not again. */
export interface Kept {
  /** Of the host and its VMs. */
  readonly seed: number;
  readonly untilMs: number;
  /** What was wrong. */
  readonly found: string;
  /** The fault of `faults.ts` that puts it back, by which the entry is seen to fail still. */
  readonly fault: string;
  readonly happened: readonly Happened[];
}

/** They are replayed by every `make test`. A world that fails prints such an entry. */
export const CORPUS: readonly Kept[] = [];
