import { describe, expect, test } from "bun:test";
import type { Setting } from "../../src/base/clock.ts";
import type { Knobs } from "../../src/base/knobs.ts";
import type { Cpufreq } from "../../src/cpufreq/cpufreq.ts";
import { restoreJournal, restoreWith } from "../../src/cpufreq/linux/open.ts";
import type { TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { ACPI_KHZ, type TestHost, testHost, watchedDisk } from "./test-host.ts";

const INTEL: TreeCpus = {
  cpus: [0],
  driver: "intel_pstate",
  khz: [3500000, 800000],
  baseKhz: 2300000,
  governor: "powersave",
};
const ACPI: TreeCpus = { cpus: [1], driver: "acpi-cpufreq", khz: ACPI_KHZ };
const GROUPS: readonly TreeCpus[] = [
  INTEL,
  ACPI,
  { cpus: [2, 3], shared: true, driver: "intel_cpufreq", khz: [3500000, 800000], baseKhz: 2300000 },
];

const LATENCY = "power/pm_qos_resume_latency_us";
const EPP = "cpufreq/energy_performance_preference";
const GOVERNOR = "cpufreq/scaling_governor";

function read(host: TestHost, cpu: number, file: string): string | undefined {
  const snapshot = host.snapshot();
  const path = file.startsWith("cpufreq/") ? `/cpufreq/policy${cpu}/${file.slice(8)}` : `/cpu${cpu}/${file}`;
  return snapshot[path]?.trim();
}

/**
 * A disk like the kernel of the active modes: another preference than `performance` is refused under the governor
 * performance, which sets that one by itself.
 */
function activeDisk(host: TestHost, before: () => string | undefined = () => undefined) {
  return watchedDisk(host.root, ({ kind, file, text }) => {
    const refused = before();
    if (refused !== undefined || kind !== "write" || file !== "policy0/energy_performance_preference")
      return refused;
    const isFixed = host.tree.read(0, "scaling_governor") === "performance" && text.trim() !== "performance";
    return isFixed ? "EBUSY" : undefined;
  });
}

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

class Crash extends Error {}

/** Changes of speeds and knobs in every order, on every clock. */
async function live(cpufreq: Cpufreq): Promise<void> {
  const day: (Setting | Knobs)[] = [
    { epp: "power", resumeLatencyUs: 0 },
    2,
    { epp: "balance_power", governors: ["performance", "schedutil"] },
    "baseline",
    { resumeLatencyUs: 50 },
    1,
    {},
    { epp: "power" },
    "baseline",
  ];
  for (const step of day)
    for (const clock of [0, 1, 2]) {
      if (typeof step === "object" && !("khz" in step)) await cpufreq.hold(clock, step);
      else cpufreq.apply({ clock, setting: step });
    }
  cpufreq.close();
}

/** Lives until the process dies before a change of a file. Returns whether it did. */
async function dies(host: TestHost, changes: number): Promise<boolean> {
  let left = changes;
  const disk = activeDisk(host, () => {
    if (left-- === 0) throw new Crash();
    return undefined;
  });
  try {
    await live(host.open({}, disk));
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

test("after a kill before any change of a file, speeds and knobs are restored to the byte", async () => {
  let points = 0;
  for (; ; points++) {
    using host = testHost(GROUPS);
    const before = host.snapshot();
    if (!(await dies(host, points))) {
      expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
      break;
    }
    const report = restoreWith(activeDisk(host), host);
    expect(report.failed).toEqual([]);
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  }
  expect(points).toBeGreaterThan(80);
}, 30_000);

test("a daemon that takes over restores the knobs of the one before, if it has others", async () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const first = host.open();
  await first.hold(2, { epp: "power", resumeLatencyUs: 9 });
  first.apply({ clock: 2, setting: 1 });
  await first.hold(0, { resumeLatencyUs: 9 });
  first.leave();
  const second = host.open({ adopt: true });
  await second.hold(2, { epp: "balance_power" });
  expect(second.apply({ clock: 2, setting: 1 })).toBeUndefined();
  expect([read(host, 2, EPP), read(host, 3, LATENCY)]).toEqual(["balance_power", "0"]);
  second.apply({ clock: 0, setting: "baseline" });
  expect(read(host, 0, LATENCY)).toBe("0");
  expect(second.close()).toEqual([]);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("an entry of the journal names no other files", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const entry = (originals: Record<string, string>) => ({
    version: 1,
    policy: "cpufreq/policy0",
    pcpus: [0],
    driver: "intel_pstate",
    kept: false,
    originals,
  });
  for (const originals of [
    { "cpu0/power/../../x": "0\n" },
    { "cpu0/power/autosuspend_delay_ms": "0\n" },
    { [`cpu0/${LATENCY}`]: "-1\n" },
    { [`../cpu0/${LATENCY}`]: "0\n" },
  ]) {
    host.put("../journal/policy0.json", JSON.stringify(entry(originals)));
    restoreJournal(host);
    expect(host.snapshot()).toEqual(before);
  }
});
