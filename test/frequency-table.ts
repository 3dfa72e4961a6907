import type { Speed } from "../src/base/clock.ts";

/** Entries of a table that the peer shows as they are. */
export function speeds(...khz: readonly number[]): Speed[] {
  return khz.map((each) => ({ khz: each, peerKhz: each }));
}
