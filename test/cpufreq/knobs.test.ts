import { describe, expect, test } from "bun:test";
import type { Setting } from "../../src/base/clock.ts";
import type { Knobs } from "../../src/base/knobs.ts";
import { activeDisk, EPP, GOVERNOR, GROUPS, LATENCY, read } from "./knob-host.ts";
import { testHost, watchedDisk } from "./test-host.ts";

test("knobs are held while nobody wants a speed, and released to the byte", async () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const cpufreq = host.open();
  const knobs: Knobs = { epp: "power", resumeLatencyUs: 0, governors: ["schedutil", "performance"] };
  expect(await cpufreq.hold(0, knobs)).toBeUndefined();
  expect([read(host, 0, EPP), read(host, 0, LATENCY), read(host, 0, GOVERNOR)]).toEqual([
    "power",
    // 0 µs is "n/a" to the kernel; its own 0 means no restriction.
    "n/a",
    // Of the list only performance is offered; the preference needs powersave.
    "powersave",
  ]);
  expect(host.journal()).toEqual(["policy0.json"]);
  expect(cpufreq.held(0)).toEqual(expect.objectContaining({ knobs, missing: [] }));
  expect(cpufreq.inspect({ clock: 0, setting: "baseline" }).every(({ ok }) => ok)).toBe(true);
  expect(await cpufreq.hold(0, {})).toBeUndefined();
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("a latency in µs is written to every CPU of the cpufreq policy, and a governor from a list", async () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open();
  await cpufreq.hold(2, { resumeLatencyUs: 20 });
  expect([read(host, 2, LATENCY), read(host, 3, LATENCY), read(host, 1, LATENCY)]).toEqual(["20", "20", "0"]);
  await cpufreq.hold(1, { governors: ["powersave", "schedutil"] });
  expect(read(host, 1, GOVERNOR)).toBe("powersave");
  await cpufreq.hold(1, { governors: ["teo", "schedutil"] });
  expect(read(host, 1, GOVERNOR)).toBe("schedutil");
});

test("what the kernel does not offer is left out and told; the rest holds", async () => {
  using host = testHost(GROUPS);
  host.put(`cpu1/${LATENCY}`, undefined);
  const cpufreq = host.open();
  const before = host.snapshot();
  expect(await cpufreq.hold(1, { epp: "power", resumeLatencyUs: 5, governors: ["fast"] })).toBeUndefined();
  expect(cpufreq.held(1)?.missing).toEqual([
    "Governor=fast: the kernel offers conservative ondemand userspace powersave performance schedutil",
    "Epp=power: the kernel offers no energy preference",
    "ResumeLatencyUs=5: the kernel offers no cpu1/power/pm_qos_resume_latency_us",
  ]);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("a speed comes and goes under knobs; its own governor gives way only where the preference needs it", async () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const cpufreq = host.open({}, activeDisk(host));
  const state = (cpu: number) => [
    read(host, cpu, GOVERNOR),
    read(host, cpu, EPP),
    read(host, cpu, "cpufreq/scaling_max_freq"),
  ];
  await cpufreq.hold(0, { epp: "power", resumeLatencyUs: 7 });
  expect(cpufreq.apply({ clock: 0, setting: 2 })).toBeUndefined();
  expect([state(0), read(host, 0, LATENCY)]).toEqual([["powersave", "power", "2200000"], "7"]);
  expect(cpufreq.inspect({ clock: 0, setting: 2 }).filter(({ ok }) => !ok)).toEqual([]);
  // Without a preference the speed's own governor returns; the latency stays.
  await cpufreq.hold(0, { resumeLatencyUs: 7 });
  expect([state(0)[0], read(host, 0, LATENCY)]).toEqual(["performance", "7"]);
  await cpufreq.hold(0, { epp: "balance_power", resumeLatencyUs: 7 });
  expect(state(0).slice(0, 2)).toEqual(["powersave", "balance_power"]);
  cpufreq.apply({ clock: 0, setting: "baseline" });
  expect(state(0)).toEqual(["powersave", "balance_power", "3500000"]);
  // In the passive mode the preference and the governor are independent.
  cpufreq.apply({ clock: 2, setting: 3 });
  await cpufreq.hold(2, { epp: "power", governors: ["schedutil"] });
  expect(state(2)).toEqual(["userspace", "power", "2100000"]);
  cpufreq.apply({ clock: 2, setting: "baseline" });
  expect(state(2)).toEqual(["schedutil", "power", "3500000"]);
  await cpufreq.hold(0, {});
  await cpufreq.hold(2, {});
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("a knob that the kernel refuses changes nothing", async () => {
  using host = testHost(GROUPS);
  let refuses = true;
  const disk = watchedDisk(host.root, ({ file }) =>
    refuses && file === "power/pm_qos_resume_latency_us" ? "EPERM" : undefined,
  );
  const cpufreq = host.open({}, disk);
  const before = host.snapshot();
  expect(await cpufreq.hold(0, { epp: "power", resumeLatencyUs: 3 })).toEqual({
    reason: "cpu0/cpufreq/cpu0/power/pm_qos_resume_latency_us: EPERM",
  });
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  expect(cpufreq.held(0)?.knobs).toEqual({});
  refuses = false;
  expect(await cpufreq.hold(0, { epp: "power", resumeLatencyUs: 3 })).toBeUndefined();
  expect(read(host, 0, LATENCY)).toBe("3");
});

describe("another program's change of a knob", () => {
  test.each([["baseline"], [3]] as const)("is written again, with setting %p", async (setting: Setting) => {
    using host = testHost(GROUPS);
    const cpufreq = host.open();
    cpufreq.apply({ clock: 2, setting });
    await cpufreq.hold(2, { epp: "power", resumeLatencyUs: 9 });
    host.put("cpufreq/policy2/energy_performance_preference", "performance");
    host.put(`cpu3/${LATENCY}`, "0");
    expect(cpufreq.inspect({ clock: 2, setting }).filter(({ ok }) => !ok)).toHaveLength(2);
    cpufreq.refresh();
    expect([read(host, 2, EPP), read(host, 3, LATENCY)]).toEqual(["power", "9"]);
    expect(host.drifts.map(({ file, ours, found, outcome }) => [file, ours, found, outcome])).toEqual([
      ["cpu2/cpufreq/energy_performance_preference", "power", "performance", "reasserted"],
      ["cpu2/cpufreq/cpu3/power/pm_qos_resume_latency_us", "9", "0", "reasserted"],
    ]);
    cpufreq.refresh();
    expect(host.drifts).toHaveLength(2);
  });

  test("stays with OnDrift=yield until the knobs change", async () => {
    using host = testHost(GROUPS);
    const cpufreq = host.open({ onDrift: "yield" });
    await cpufreq.hold(2, { resumeLatencyUs: 9 });
    host.put(`cpu3/${LATENCY}`, "0");
    cpufreq.refresh();
    cpufreq.refresh();
    expect([read(host, 3, LATENCY), host.drifts.map(({ outcome }) => outcome)]).toEqual(["0", ["yielded"]]);
    await cpufreq.hold(2, { resumeLatencyUs: 8 });
    expect(read(host, 3, LATENCY)).toBe("8");
    cpufreq.close();
    expect([read(host, 2, LATENCY), read(host, 3, LATENCY)]).toEqual(["0", "0"]);
  });
});
