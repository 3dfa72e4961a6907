import type { Backoff } from "../../base/backoff.ts";

/** How often to look at libvirt's domains, in ms. */
export interface WatchTiming {
  /** Between two lists. A list finds changes without an event, and a libvirtd that hangs. */
  readonly listMs: number;
  /** How long to collect a burst of events. */
  readonly settleMs: number;
}

/** Timeouts of the connection to libvirt, in ms. */
export interface LibvirtTiming extends WatchTiming {
  /** Longest time of one call. */
  readonly callTimeoutMs: number;
  /** Between two attempts to connect. */
  readonly backoff: Backoff;
  /** A connection that lasted less counts as a failed attempt, so the next wait is longer. */
  readonly stableMs: number;
  /** How long a silent connection is kept: a libvirtd that hangs may recover. */
  readonly silenceMs: number;
}

/** An idle libvirt costs one list per `listMs`. One that hangs is noticed after `listMs` and `callTimeoutMs`. */
export const LIBVIRT_TIMING: LibvirtTiming = {
  listMs: 30_000,
  settleMs: 50,
  callTimeoutMs: 10_000,
  backoff: { firstMs: 200, maxMs: 15_000 },
  stableMs: 60_000,
  silenceMs: 600_000,
};
