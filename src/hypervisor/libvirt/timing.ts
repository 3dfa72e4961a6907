import type { Backoff } from "../../base/backoff.ts";

/** How often and how soon to look at libvirt's domains. */
export interface WatchTiming {
  /** Between two lists. They find what no event told, and that libvirtd is frozen. */
  readonly listMs: number;
  /** How long a burst of events may gather. */
  readonly settleMs: number;
}

/** How patient the connection to libvirt is. */
export interface LibvirtTiming extends WatchTiming {
  /** How long one call may take. */
  readonly callTimeoutMs: number;
  /** Between two tries to connect. */
  readonly backoff: Backoff;
  /** A connection that lasted less counts as a failed try: the next one waits longer. */
  readonly stableMs: number;
  /** How long a silent connection is kept, because a frozen libvirtd may thaw. */
  readonly silenceMs: number;
}

/** An idle libvirt costs one list per `listMs`; a frozen one is noticed after `listMs` and `callTimeoutMs`. */
export const LIBVIRT_TIMING: LibvirtTiming = {
  listMs: 30_000,
  settleMs: 50,
  callTimeoutMs: 10_000,
  backoff: { firstMs: 200, maxMs: 15_000 },
  stableMs: 60_000,
  silenceMs: 600_000,
};
