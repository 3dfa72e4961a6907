import type { Backoff } from "../../base/backoff.ts";

/** How often to look at Xen's domains, in ms. */
export interface XenTiming {
  /** Between two looks: pinning and pausing cause no event. A look at a domain costs some hypercalls. */
  readonly beatMs: number;
  /** The same while a domain is paused, in the minute after an event: it is probably being built. */
  readonly pausedBeatMs: number;
  /** The least time between two looks at a domain because its guest asked. */
  readonly askedMs: number;
  /** How long to collect events. */
  readonly settleMs: number;
  /** Between two readings of all names, which have events. */
  readonly namesMs: number;
  /** Longest time of an answer of xenstored. */
  readonly timeoutMs: number;
  /** Between two attempts to reach Xen and xenstored. */
  readonly backoff: Backoff;
}

export const XEN_TIMING: XenTiming = {
  beatMs: 5_000,
  pausedBeatMs: 1_000,
  askedMs: 500,
  settleMs: 100,
  namesMs: 60_000,
  timeoutMs: 10_000,
  backoff: { firstMs: 200, maxMs: 15_000 },
};
