import type { Clock } from "../../src/base/clock.ts";

/** A clock with turbo above 2.3 GHz, speeds down to 1 GHz, and turbo for its baseline. */
export function testClock(id: number, more: Partial<Clock> = {}): Clock {
  return {
    id,
    pcpus: [id],
    driver: "acpi-cpufreq",
    table: {
      speeds: [2_301_000, 2_300_000, 2_000_000, 1_000_000].map((khz) => ({ khz, peerKhz: khz })),
      turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true },
    },
    baselineKhz: 2_301_000,
    anySpeed: false,
    priority: new Set(),
    ...more,
  };
}
