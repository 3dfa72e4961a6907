import { expect, test } from "bun:test";
import type { Meter } from "../../src/energy/meter.ts";
import { Readings } from "../../src/energy/reading.ts";

const PACKAGE: Meter = {
  id: "package-0",
  measures: "package-0",
  scope: "package",
  quantity: "energy",
  file: "/energy_uj",
  rangeUj: 262_143_000_000,
};
const POWER: Meter = { ...PACKAGE, id: "power_meter/power1", scope: "machine", quantity: "power" };

/** The joules after each reading; one every ten seconds. */
function told(meter: Meter, values: readonly number[]): (number | undefined)[] {
  const readings = new Readings(meter);
  return values.map((value, i) => readings.take({ value, atMs: 10_000 * (i + 1) }));
}

test("a counter of microjoules tells joules, from its second reading on", () => {
  expect(told(PACKAGE, [5_000_000, 505_000_000, 1_505_000_000])).toEqual([undefined, 500, 1000]);
});

test("a counter that begins anew at its range goes on", () => {
  expect(told(PACKAGE, [262_142_000_000, 1_999_000_000])).toEqual([undefined, 2000]);
});

test("a counter that repeats its number tells nothing, and the next one tells about the whole time", () => {
  expect(told(PACKAGE, [1_000_000, 1_000_000, 1_000_000, 601_000_000])).toEqual([
    undefined,
    undefined,
    undefined,
    600,
  ]);
});

test("a torn reading is no spike of 100 kW, and no joule is lost by it", () => {
  // One digit too many, then two too few.
  expect(told(PACKAGE, [100_000_000, 2_000_000_000_000, 700_000_000])).toEqual([undefined, undefined, 600]);
  expect(told(PACKAGE, [90_000_000_000, 900_000_000, 90_600_000_000])).toEqual([undefined, undefined, 600]);
});

test("a first reading that was torn is replaced", () => {
  expect(told(PACKAGE, [200_000_000_000, 1_000_000, 601_000_000, 1_201_000_000])).toEqual([
    undefined,
    undefined,
    undefined,
    600,
  ]);
});

test("a counter that was set anew is followed from its second number on", () => {
  const unbounded = { ...PACKAGE, rangeUj: undefined };
  expect(told(unbounded, [900_000_000, 5_000_000, 605_000_000, 1_205_000_000])).toEqual([
    undefined,
    undefined,
    undefined,
    600,
  ]);
});

test("microwatts are a power, not a counter of microjoules", () => {
  // 45 W, then 55 W, then 55 W: a counter would tell 10 J and nothing.
  expect(told(POWER, [45_000_000, 55_000_000, 55_000_000])).toEqual([undefined, 500, 550]);
});

test("a power that cannot be is left out: the time is bridged", () => {
  expect(told(POWER, [50_000_000, 100_000_000_000, 50_000_000])).toEqual([undefined, undefined, 1000]);
});

test("a meter that always tells 0 W never tells anything", () => {
  expect(told(POWER, [0, 0, 0])).toEqual([undefined, undefined, undefined]);
  expect(told(PACKAGE, [0, 0, 0])).toEqual([undefined, undefined, undefined]);
});

test("a number of an earlier daemon makes the first reading tell about the time between", () => {
  const readings = new Readings(PACKAGE, { value: 100_000_000, atMs: -60_000 });
  expect(readings.take({ value: 6_100_000_000, atMs: 0 })).toBe(6000);
});
