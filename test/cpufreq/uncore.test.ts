import { expect, test } from "bun:test";
import type { Knobs } from "../../src/base/knobs.ts";
import { restoreWith } from "../../src/cpufreq/linux/open.ts";
import { ACPI_KHZ, type TestHost, testHost, watchedDisk } from "./test-host.ts";

const DIE = "intel_uncore_frequency/package_00_die_00";
const OTHER_DIE = "intel_uncore_frequency/package_01_die_00";

/** CPUs 0 and 1 are in package 0, CPUs 2 and 3 in package 1; each has an uncore from 0.8 to 2.4 GHz. */
function packages(): TestHost {
  const host = testHost([{ cpus: [0, 1, 2, 3], driver: "acpi-cpufreq", khz: ACPI_KHZ }]);
  for (const cpu of [0, 1, 2, 3]) {
    host.put(`cpu${cpu}/topology/physical_package_id`, `${cpu >> 1}`);
    host.put(`cpu${cpu}/topology/package_cpus_list`, cpu < 2 ? "0-1" : "2-3");
  }
  for (const place of [DIE, OTHER_DIE]) bounded(host, place);
  return host;
}

function bounded(host: TestHost, place: string, minKhz = 800_000, maxKhz = 2_400_000): void {
  host.put(`${place}/initial_min_freq_khz`, "800000");
  host.put(`${place}/initial_max_freq_khz`, "2400000");
  host.put(`${place}/min_freq_khz`, `${minKhz}`);
  host.put(`${place}/max_freq_khz`, `${maxKhz}`);
}

/** The bounds in a directory. */
function bounds(host: TestHost, place = DIE): string[] {
  const snapshot = host.snapshot();
  return ["min", "max"].map((end) => snapshot[`/${place}/${end}_freq_khz`]?.trim() ?? "");
}

test("bounds of an uncore are held on its package's first clock, and released to the byte", async () => {
  using host = packages();
  const before = host.snapshot();
  const cpufreq = host.open();
  expect(cpufreq.uncores()).toEqual([
    expect.objectContaining({ clock: 0, pcpus: [0, 1] }),
    expect.objectContaining({ clock: 2, pcpus: [2, 3] }),
  ]);
  expect(await cpufreq.hold(2, { uncore: { maxKhz: 1_600_000 } })).toBeUndefined();
  expect([bounds(host), bounds(host, OTHER_DIE)]).toEqual([
    ["800000", "2400000"],
    ["800000", "1600000"],
  ]);
  cpufreq.apply({ clock: 2, setting: 3 });
  await cpufreq.hold(2, { uncore: { minKhz: 2_000_000 } });
  expect(bounds(host, OTHER_DIE)).toEqual(["2000000", "2400000"]);
  expect(cpufreq.inspect({ clock: 2, setting: 3 }).filter(({ ok }) => !ok)).toEqual([]);
  await cpufreq.hold(2, {});
  expect(bounds(host, OTHER_DIE)).toEqual(["800000", "2400000"]);
  expect(cpufreq.close()).toEqual([]);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("bounds stay within the hardware's range, and the lower one counts before the upper one", async () => {
  using host = packages();
  const cpufreq = host.open();
  const held = async (uncore: NonNullable<Knobs["uncore"]>) => {
    await cpufreq.hold(0, { uncore });
    return bounds(host);
  };
  expect(await held({ maxKhz: 100_000 })).toEqual(["800000", "800000"]);
  expect(await held({ minKhz: 9_000_000 })).toEqual(["2400000", "2400000"]);
  expect(await held({ minKhz: 2_000_000, maxKhz: 1_000_000 })).toEqual(["2000000", "2000000"]);
});

test("the lower bound never exceeds the upper one in between", async () => {
  using host = packages();
  const seen: string[][] = [];
  const disk = watchedDisk(
    host.root,
    () => undefined,
    () => void seen.push(bounds(host)),
  );
  const cpufreq = host.open({}, disk);
  for (const khz of [900_000, 2_300_000, 900_000])
    await cpufreq.hold(0, { uncore: { minKhz: khz, maxKhz: khz } });
  cpufreq.close();
  expect(seen.filter(([min, max]) => Number(min) > Number(max))).toEqual([]);
  expect(seen.map(([min]) => min)).toContain("2300000");
});

test("where TPMI names clusters, each of them is bounded, and not the whole package beside them", async () => {
  using host = packages();
  for (const [place, id] of [
    ["intel_uncore_frequency/uncore00", "0"],
    ["intel_uncore_frequency/uncore01", "0"],
  ] as const) {
    bounded(host, place, 900_000, 2_200_000);
    host.put(`${place}/package_id`, id);
  }
  const cpufreq = host.open();
  await cpufreq.hold(0, { uncore: { maxKhz: 1_000_000 } });
  const read = (name: string) => bounds(host, `intel_uncore_frequency/${name}`);
  expect(["uncore00", "uncore01", "package_00_die_00"].map(read)).toEqual([
    ["800000", "1000000"],
    ["800000", "1000000"],
    ["800000", "2400000"],
  ]);
  cpufreq.close();
  expect([read("uncore00"), read("uncore01")]).toEqual([
    ["900000", "2200000"],
    ["900000", "2200000"],
  ]);
});

test("an uncore is left alone where the host has none, tells no range, or a CPU of the package may not be changed", async () => {
  const missing = async (host: TestHost, options = {}) => {
    const before = host.snapshot();
    const cpufreq = host.open(options);
    expect(await cpufreq.hold(0, { uncore: { minKhz: 900_000, maxKhz: 1_000_000 } })).toBeUndefined();
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
    return cpufreq.held(0)?.missing;
  };
  const asked = "UncoreMinKhz=900000 UncoreMaxKhz=1000000";
  using none = testHost([{ cpus: [0], driver: "acpi-cpufreq", khz: ACPI_KHZ }]);
  expect(await missing(none)).toEqual([`${asked}: the kernel offers no uncore frequency`]);
  using reserved = packages();
  expect(await missing(reserved, { reserved: [1] })).toEqual([
    `${asked}: CPU 1 of its package is in Reserved`,
  ]);
  using foreign = packages();
  expect(await missing(foreign, { managed: [0] })).toEqual([
    `${asked}: CPU 1 of its package is not in ManagedCpus`,
  ]);
  using mute = packages();
  mute.put(`${DIE}/initial_max_freq_khz`, undefined);
  expect(await missing(mute)).toEqual([`${asked}: ${DIE} does not tell its range`]);
});

test("another program's change of a bound is written again", async () => {
  using host = packages();
  const cpufreq = host.open();
  await cpufreq.hold(0, { uncore: { maxKhz: 1_000_000 } });
  host.put(`${DIE}/max_freq_khz`, "2400000");
  cpufreq.refresh();
  expect(bounds(host)).toEqual(["800000", "1000000"]);
  expect(host.drifts).toEqual([
    {
      clock: 0,
      file: `cpu0/cpufreq/${DIE}/max_freq_khz`,
      ours: "1000000",
      found: "2400000",
      outcome: "reasserted",
    },
  ]);
});

test("after a kill before any change of a file the bounds are restored to the byte", async () => {
  class Crash extends Error {}
  const live = async (host: TestHost, left: number) => {
    const disk = watchedDisk(host.root, () => {
      if (left-- === 0) throw new Crash();
      return undefined;
    });
    const cpufreq = host.open({}, disk);
    await cpufreq.hold(0, { uncore: { maxKhz: 1_000_000 } });
    cpufreq.apply({ clock: 0, setting: 2 });
    await cpufreq.hold(0, { uncore: { minKhz: 2_000_000 } });
    cpufreq.apply({ clock: 0, setting: "baseline" });
    cpufreq.close();
  };
  let points = 0;
  for (let died = true; died; points++) {
    using host = packages();
    const before = host.snapshot();
    died = await live(host, points).then(
      () => false,
      (error) => error instanceof Crash,
    );
    if (died)
      expect(
        restoreWith(
          watchedDisk(host.root, () => undefined),
          host,
        ).failed,
      ).toEqual([]);
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  }
  expect(points).toBeGreaterThan(12);
});
