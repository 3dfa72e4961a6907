import { expect, test } from "bun:test";
import fc from "fast-check";
import { TrafficGauge } from "../../src/arbiter/traffic-gauge.ts";

const RULE = { macs: [], avgPackets: 1000, maxPackets: 2000 };

/** The speed after each rate. */
function speeds(rates: Iterable<number>) {
  const gauge = new TrafficGauge(RULE);
  return Array.from(rates, (rate) => {
    gauge.measured(rate);
    return gauge.speed;
  });
}

function changes(of: readonly unknown[]): number {
  return of.filter((each, i) => i > 0 && each !== of[i - 1]).length;
}

test("the thresholds are those of DPDK's host: from the highest on max, from the middle one on medium, else min (PO2)", () => {
  expect([0, 999, 1000, 1999, 2000, 1e12].map((rate) => speeds([rate])[0])).toEqual([
    "min",
    "min",
    "medium",
    "medium",
    "max",
    "max",
  ]);
});

test("a higher rate is followed within three measurements, a lower one within twelve", () => {
  expect(speeds([0, ...new Array(3).fill(3000)]).at(-1)).toBe("max");
  expect(speeds([3000, ...new Array(12).fill(0)]).at(-1)).toBe("min");
});

test("no steady rate makes a clock flap, however it trembles around a threshold", () => {
  const noise = fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), {
    minLength: 50,
    maxLength: 200,
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3000 }), noise, (rate, tremble) => {
      const seen = speeds(tremble.map((part) => rate * (1 + part)));
      // It may settle on the speed above, and stays there.
      expect(changes(seen)).toBeLessThanOrEqual(1);
    }),
  );
});

test("whatever the rates, a clock goes down at most once in five measurements", () => {
  const rates = fc.array(fc.oneof(fc.nat(5000), fc.constantFrom(0, 999, 1000, 1999, 2000, 1e9)), {
    maxLength: 200,
  });
  const rank = (speed: string | undefined) => ["min", "medium", "max"].indexOf(speed ?? "");
  fc.assert(
    fc.property(rates, (all) => {
      const seen = speeds(all);
      let last = Number.NEGATIVE_INFINITY;
      for (let i = 1; i < seen.length; i++) {
        if (rank(seen[i]) >= rank(seen[i - 1])) continue;
        expect(i - last).toBeGreaterThanOrEqual(5);
        last = i;
      }
    }),
  );
});

test("a rate that is no number counts as none", () => {
  const gauge = new TrafficGauge(RULE);
  for (const rate of [Number.NaN, Number.POSITIVE_INFINITY, -1, undefined]) {
    gauge.measured(5000);
    expect(gauge.speed).toBe("max");
    gauge.measured(rate);
    expect([gauge.speed, gauge.packetsPerSecond]).toEqual([undefined, undefined]);
  }
});

test("it starts with the speed that an earlier daemon had chosen, and keeps it until a rate is known", () => {
  const gauge = new TrafficGauge(RULE);
  gauge.seed("medium");
  expect([gauge.speed, gauge.packetsPerSecond]).toEqual(["medium", undefined]);
  gauge.measured(5000);
  expect([gauge.speed, gauge.packetsPerSecond]).toEqual(["max", 5000]);
});

test("it goes down one speed after the other, each with the fifth lower measurement, also from a seed", () => {
  // Smoothed: 3000, 2250, 1875, then 1688, 1594, 1547, 1523, 1512, and 756, 378, 189, 95, 47.
  const rates = [3000, ...new Array(7).fill(1500), ...new Array(5).fill(0)];
  const max = new Array(7).fill("max");
  expect(speeds(rates)).toEqual([...max, ...new Array(5).fill("medium"), "min"]);
  const gauge = new TrafficGauge(RULE);
  gauge.seed("max");
  const seeded = [0, 0, 0, 0, 0].map((rate) => {
    gauge.measured(rate);
    return gauge.speed;
  });
  expect(seeded).toEqual(["max", "max", "max", "max", "min"]);
});

test("it goes down with the fifth measurement that is clearly lower, and counts anew after a higher one", () => {
  // Each measurement counts half: 3000, 1500, 750, 375, 188, 94.
  expect(speeds([3000, 0, 0, 0, 0, 0])).toEqual([...new Array(5).fill("max"), "min"]);
  expect(speeds([3000, 0, 0, 0, 6000, 0, 0, 0, 0, 0])).toEqual([...new Array(9).fill("max"), "min"]);
});

test("a rate little below a threshold keeps the speed, and the count of lower ones begins anew", () => {
  expect(speeds([2000, ...new Array(20).fill(1950)])).toEqual(new Array(21).fill("max"));
  // Smoothed: 2000, four times 1700, 1950, then 1700 again.
  const rates = [2000, 1400, 1700, 1700, 1700, 2200, 1450, 1700, 1700, 1700, 1700];
  expect(speeds(rates)).toEqual([...new Array(10).fill("max"), "medium"]);
});
