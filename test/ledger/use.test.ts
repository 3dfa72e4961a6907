import { expect, test } from "bun:test";
import { type ClockUse, SpeedUse } from "../../src/ledger/speed-use.ts";
import { NO_USE, plus } from "../../src/ledger/use.ts";
import { cpuUse, vmUse } from "../../src/ledger/vm-use.ts";
import { testClock } from "./clock.ts";

test("SpeedUse sums each accepted speed over its time", () => {
  const speeds = new SpeedUse();
  const clocks = [[testClock(2), 3]] as const; // 1 GHz
  speeds.take(clocks, 1_000);
  speeds.accepted({ clock: 2, setting: 2 }, 5_000); // 2 GHz after 4 s
  speeds.accepted({ clock: 2, setting: { khz: 1_500_000 } }, 7_000); // after 2 s
  speeds.accepted({ clock: 9, setting: 0 }, 8_000); // not one of the host's
  expect(speeds.take(clocks, 9_000).get(2)).toEqual({
    use: { ghzS: 4 * 1 + 2 * 2 + 2 * 1.5, ghz3S: 4 * 1 + 2 * 8 + 2 * 3.375, turboS: 0 },
    baseline: { khz: 2_301_000, isTurbo: true },
    max: { khz: 2_301_000, isTurbo: true },
  });
  // What the arbiter says now counts from here on, until something else is accepted.
  expect(speeds.take(clocks, 10_000).get(2)?.use).toEqual({ ghzS: 1, ghz3S: 1, turboS: 0 });
  speeds.accepted({ clock: 2, setting: "baseline" }, 10_000);
  expect(speeds.take(clocks, 11_000).get(2)?.use).toMatchObject({ ghzS: 2.301, turboS: 1 });
});

test("SpeedUse knows turbo, and a baseline below it", () => {
  const speeds = new SpeedUse();
  const clocks = [
    [testClock(0), "baseline"],
    [testClock(1, { baselineKhz: 2_000_000 }), "baseline"],
  ] as const;
  speeds.take(clocks, 0);
  const uses = speeds.take(clocks, 2_000);
  expect(uses.get(0)?.use.turboS).toBe(2);
  expect(uses.get(1)).toEqual({
    use: { ghzS: 4, ghz3S: 16, turboS: 0 },
    baseline: { khz: 2_000_000, isTurbo: false },
    max: { khz: 2_301_000, isTurbo: true },
  });
});

test("SpeedUse keeps the speed of a clock whose state is unknown, and forgets one that is gone", () => {
  const speeds = new SpeedUse();
  speeds.take([[testClock(0), 3]], 0);
  expect(speeds.take([[testClock(0), undefined]], 1_000).get(0)?.use.ghzS).toBe(1);
  expect(speeds.take([[testClock(0), undefined]], 2_000).get(0)?.use.ghzS).toBe(1);
  speeds.take([], 3_000);
  expect(speeds.take([[testClock(0), 2]], 4_000).get(0)?.use).toEqual(NO_USE);
});

test("SpeedUse takes a clock whose state is not known yet to be at its baseline, of which the nominal speed is no turbo", () => {
  const speeds = new SpeedUse();
  const clocks = [[testClock(0, { baselineKhz: 2_300_000 }), undefined]] as const;
  speeds.take(clocks, 0);
  expect(speeds.take(clocks, 1_000).get(0)).toMatchObject({
    use: { ghzS: 2.3, turboS: 0 },
    baseline: { khz: 2_300_000, isTurbo: false },
  });
});

test("plus() adds so many times what the other ran", () => {
  expect(plus({ ghzS: 1, ghz3S: 2, turboS: 3 }, { ghzS: 10, ghz3S: 20, turboS: 30 }, 2)).toEqual({
    ...{ ghzS: 21, ghz3S: 42, turboS: 63 },
  });
});

/** A clock that ran at one speed for ten seconds. */
function ran(ghz: number): ClockUse {
  return {
    use: { ghzS: 10 * ghz, ghz3S: 10 * ghz ** 3, turboS: 0 },
    baseline: { khz: 2_000_000, isTurbo: false },
    max: { khz: 3_000_000, isTurbo: true },
  };
}

test("vmUse(): a vCPU that polls would be busy all the time at any speed", () => {
  const cpus = cpuUse([{ pcpus: [4], use: ran(1) }], 10);
  expect(vmUse([{ pcpus: [4], busy: 1 }], cpus)).toEqual({
    use: { ghzS: 10, ghz3S: 10, turboS: 0 },
    baseline: { more: { ghzS: 10, ghz3S: 70, turboS: 0 }, slack: NO_USE },
    max: { more: { ghzS: 20, ghz3S: 260, turboS: 10 }, slack: NO_USE },
  });
});

test("vmUse(): other work takes between the same time and the same cycles", () => {
  const cpus = cpuUse([{ pcpus: [4], use: ran(1) }], 10);
  const { use, baseline } = vmUse([{ pcpus: [4], busy: 0.5 }], cpus);
  expect(use).toEqual({ ghzS: 5, ghz3S: 5, turboS: 0 });
  // Five seconds at 2 GHz are 10 and 40; five cycles there are 5 and 20.
  expect(baseline).toEqual({
    more: { ghzS: 2.5, ghz3S: 25, turboS: 0 },
    slack: { ghzS: 2.5, ghz3S: 10, turboS: 0 },
  });
});

test("vmUse(): a vCPU that floats takes its part of each CPU, and CPUs of a common clock have the same", () => {
  const cpus = cpuUse(
    [
      { pcpus: [0, 1], use: ran(1) },
      { pcpus: [2], use: ran(3) },
    ],
    10,
  );
  expect(vmUse([{ pcpus: [1, 2], busy: 0.5 }], cpus).use.ghzS).toBe(10);
  expect(cpus.mean.ghzS).toBeCloseTo((10 + 10 + 30) / 3);
});

test("vmUse(): a vCPU that may run on up to 16 CPUs would have run on each for its part, one with more on any", () => {
  const cpus = cpuUse(
    Array.from({ length: 17 }, (_, pcpu) => ({ pcpus: [pcpu], use: ran(1) })),
    10,
  );
  const more = (count: number, busy = 1) =>
    vmUse([{ pcpus: Array.from({ length: count }, (_, i) => i), busy }], cpus).baseline.more;
  // Each of two CPUs for five seconds at 2 GHz instead of 1.
  expect(more(2)).toEqual({ ghzS: 10, ghz3S: 70, turboS: 0 });
  expect([more(16).ghzS, more(17)]).toEqual([10, NO_USE]);
});

test("vmUse(): a vCPU that runs for 97 % of the time polls", () => {
  const slack = (busy: number) =>
    vmUse([{ pcpus: [4], busy }], cpuUse([{ pcpus: [4], use: ran(1) }], 10)).baseline.slack;
  expect([slack(0.97), slack(0.96).ghzS > 0]).toEqual([NO_USE, true]);
});

test("vmUse(): where no clock is managed, CPU time alone decides, and nothing was saved", () => {
  const none = cpuUse([], 10);
  expect(none.mean).toEqual({ ghzS: 10, ghz3S: 10, turboS: 0 });
  const { use, baseline } = vmUse([{ pcpus: [7], busy: 0.5 }], none);
  expect([use.ghzS, baseline.more]).toEqual([5, NO_USE]);
});
