import { expect, test } from "bun:test";
import { ORIGINAL, states, xenHost } from "./xen-host.ts";

const EBUSY = 16;

test("a speed is set under userspace, on every policy of the clock, and what was there is put back", () => {
  using host = xenHost();
  const cpufreq = host.open();
  expect(cpufreq.apply({ clock: 0, setting: 2 })).toBeUndefined();
  expect(cpufreq.apply({ clock: 0, setting: 3 })).toBeUndefined();
  expect(host.journal()).toEqual(["xen-cpu0.json", "xen-cpu3.json"]);
  expect(host.xen.log).toEqual([
    "cpu0 governor userspace",
    "cpu0 speed 1800000",
    "cpu3 governor userspace",
    "cpu3 speed 1800000",
    "cpu0 speed 1200000",
    "cpu3 speed 1200000",
  ]);
  expect(cpufreq.close()).toEqual([]);
  expect(states(host.xen)).toEqual(ORIGINAL);
  expect(host.journal()).toEqual([]);
});

test("the speed of a host that had userspace before is put back too", () => {
  using host = xenHost();
  for (const policy of host.xen.policies)
    Object.assign(policy, { governor: "userspace", currentKhz: 1_800_000 });
  const cpufreq = host.open();
  expect(cpufreq.clocks().map(({ baselineKhz }) => baselineKhz)).toEqual([1_800_000, 1_800_000]);
  cpufreq.apply({ clock: 1, setting: 0 });
  expect(cpufreq.apply({ clock: 1, setting: "baseline" })).toBeUndefined();
  expect(states(host.xen)).toEqual(Array(3).fill("userspace 1800000"));
});

test("after SIGKILL the next daemon puts back, and so does restore", () => {
  using host = xenHost();
  host.open().apply({ clock: 1, setting: 1 });
  expect(states(host.xen)[1]).toBe("userspace 2300000");
  host.open();
  expect(states(host.xen)).toEqual(ORIGINAL);
  expect(host.journal()).toEqual([]);
  host.open().apply({ clock: 1, setting: 1 });
  expect(host.restore()).toEqual({ restored: ["xen-cpu1"], kept: [], failed: [] });
  expect(states(host.xen)).toEqual(ORIGINAL);
});

test("what was saved under another driver is not restored: it means something else", () => {
  using host = xenHost();
  host.open().apply({ clock: 1, setting: 1 });
  host.xen.driver = "amd-cppc";
  expect(host.restore()).toEqual({ restored: ["xen-cpu1"], kept: [], failed: [] });
  expect(states(host.xen)[1]).toBe("userspace 2300000");
  expect(host.journal()).toEqual([]);
});

test("restore reports what Xen does not take, and keeps it for another attempt", () => {
  using host = xenHost();
  host.open().apply({ clock: 1, setting: 1 });
  host.xen.before = () => EBUSY;
  expect(host.restore()).toEqual({
    restored: [],
    kept: [],
    failed: [{ reason: 'xen-cpu1/governor: EBUSY, was "ondemand"' }],
  });
  host.xen.before = () => undefined;
  expect(host.restore().restored).toEqual(["xen-cpu1"]);
});

test("a refused speed leaves the clock as it was, on all of its policies", () => {
  using host = xenHost();
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 1 });
  host.xen.before = (what) => (what === "cpu3 speed 1200000" ? EBUSY : undefined);
  expect(cpufreq.apply({ clock: 0, setting: 3 })).toEqual({ reason: "cpu3 in Xen/speed: EBUSY" });
  expect(states(host.xen)).toEqual(["userspace 2300000", ORIGINAL[1] as string, "userspace 2300000"]);
});

test("after a kill before any change of a setting, the next start restores all of them", () => {
  for (let kill = 0; kill < 8; kill++) {
    using host = xenHost();
    let changes = 0;
    host.xen.before = () => {
      if (changes++ === kill) throw new Error("killed");
      return undefined;
    };
    const cpufreq = host.open();
    const asked = () => {
      for (const [clock, setting] of [
        [0, 2],
        [1, 3],
        [0, "baseline"],
      ] as const)
        cpufreq.apply({ clock, setting });
    };
    expect(asked).toThrow("killed");
    host.xen.before = () => undefined;
    host.open();
    expect(states(host.xen)).toEqual(ORIGINAL);
    expect(host.journal()).toEqual([]);
  }
});
