import type { Speed } from "../src/base/clock.ts";

/** Entries of a table that DPDK's host shows unchanged. */
export function speeds(...khz: readonly number[]): Speed[] {
  return khz.map((each) => ({ khz: each, peerKhz: each }));
}
