import { expect, test } from "bun:test";
import fs from "node:fs";
import type { Cpufreq } from "../../src/cpufreq/cpufreq.ts";
import { speeds } from "../frequency-table.ts";
import { ACPI_KHZ, testHost } from "./test-host.ts";

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;
const GROUPS = [
  { cpus: [0], ...acpi },
  { cpus: [1], ...acpi },
  { cpus: [2, 3], shared: true, ...acpi },
];

function shown(cpufreq: Cpufreq) {
  return {
    clocks: cpufreq.clocks().map(({ id, pcpus }) => `${id}: ${pcpus.join(" ")}`),
    unmanaged: cpufreq.unmanaged().map(({ pcpu, reason }) => `${pcpu}: ${reason}`),
  };
}

test("refresh() that finds nothing new changes nothing", () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 1 });
  const clocks = cpufreq.clocks();
  for (let i = 0; i < 3; i++) cpufreq.refresh();
  expect(cpufreq.clocks()).toBe(clocks);
  expect(host.changes).toBe(0);
  cpufreq.close();
});

test("A CPU that goes offline and comes back starts with its original settings", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const cpufreq = host.open();
  for (const clock of [0, 1]) cpufreq.apply({ clock, setting: 5 });
  const [zero, one] = cpufreq.clocks();

  host.tree.setOnline(1, false);
  cpufreq.refresh();
  expect(shown(cpufreq)).toEqual({ clocks: ["0: 0", "2: 2 3"], unmanaged: ["1: offline"] });
  expect(cpufreq.apply({ clock: 1, setting: 5 })).toEqual({ reason: "CPU 1 is not managed" });
  // The entry stays: the kernel may bring back what it had.
  expect(host.journal()).toEqual(["policy0.json", "policy1.json"]);

  host.tree.setOnline(1, true);
  host.tree.write(1, "scaling_governor", "userspace");
  host.tree.write(1, "scaling_setspeed", "1200000");
  cpufreq.refresh();
  expect(shown(cpufreq)).toEqual({ clocks: ["0: 0", "1: 1", "2: 2 3"], unmanaged: [] });
  expect(cpufreq.clocks()[0]).toBe(zero as never);
  expect(cpufreq.clocks()[1]).not.toBe(one as never);
  expect(host.tree.read(1, "scaling_governor")).toBe("schedutil");
  expect(host.changes).toBe(2);

  expect(cpufreq.apply({ clock: 1, setting: 5 })).toBeUndefined();
  expect(host.tree.read(1, "scaling_setspeed")).toBe("1200000");
  expect(cpufreq.close()).toEqual([]);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("When a CPU leaves a shared clock, the clock is restored and replaced", () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 2, setting: 5 });
  host.tree.setOnline(2, false);
  cpufreq.refresh();
  expect(shown(cpufreq)).toEqual({ clocks: ["0: 0", "1: 1", "2: 3"], unmanaged: ["2: offline"] });
  expect(host.tree.read(3, "scaling_governor")).toBe("schedutil");
  expect(cpufreq.apply({ clock: 2, setting: 5 })).toBeUndefined();
  expect(host.tree.read(3, "scaling_setspeed")).toBe("1200000");
  cpufreq.close();
});

test("A cpufreq directory that was replaced between two refreshes starts with its original settings", () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 1, setting: 5 });
  host.tree.setOnline(1, false);
  host.tree.setOnline(1, true);
  cpufreq.refresh();
  expect(host.changes).toBe(1);
  expect(cpufreq.apply({ clock: 1, setting: 5 })).toBeUndefined();
  expect(host.tree.read(1, "scaling_setspeed")).toBe("1200000");
  cpufreq.close();
});

test("A replaced cpufreq directory is noticed at once, also on a large host", () => {
  using host = testHost([{ cpus: Array.from({ length: 40 }, (_, cpu) => cpu), ...acpi }]);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 30, setting: 5 });
  host.tree.setOnline(30, false);
  host.tree.setOnline(30, true);
  cpufreq.refresh();
  expect(host.changes).toBe(1);
  cpufreq.close();
});

test("A CPU that is offline at the end is reported, and restored when it returns", () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 1, setting: 5 });
  host.tree.setOnline(1, false);
  cpufreq.refresh();
  expect(cpufreq.close()).toEqual([{ reason: "cpufreq/policy1: CPU 1 offline" }]);
  host.tree.setOnline(1, true);
  host.tree.write(1, "scaling_governor", "userspace");
  host.open().close();
  expect({ governor: host.tree.read(1, "scaling_governor"), journal: host.journal() }).toEqual({
    governor: "schedutil",
    journal: [],
  });
});

test("A new CPU is found", () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open();
  host.put("cpu9/topology/core_id", "9");
  fs.cpSync(`${host.root}/cpufreq/policy0`, `${host.root}/cpu9/cpufreq`, { recursive: true });
  host.put("cpu9/cpufreq/related_cpus", "9");
  host.put("cpu9/cpufreq/affected_cpus", "9");
  host.put("cpu9/cpufreq/freqdomain_cpus", "9");
  cpufreq.refresh();
  expect(shown(cpufreq).clocks).toEqual(["0: 0", "1: 1", "2: 2 3", "9: 9"]);
  cpufreq.close();
});

test("The boost switch changes the tables, after changed clocks were restored", () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 0 });
  host.put("cpufreq/boost", "0");
  cpufreq.refresh();
  expect(cpufreq.clocks()[0]?.table).toEqual({ speeds: speeds(...ACPI_KHZ.slice(1)), turbo: undefined });
  expect([host.tree.read(0, "scaling_governor"), host.changes]).toEqual(["schedutil", 1]);
  cpufreq.close();
});

test("Settings of another scaling driver are not restored", () => {
  using host = testHost([{ cpus: [0], driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 }]);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 3 });
  // echo passive > intel_pstate/status
  host.put("intel_pstate/status", "passive");
  host.tree.write(0, "scaling_driver", "intel_cpufreq");
  host.tree.write(0, "scaling_governor", "schedutil");
  host.tree.write(0, "scaling_min_freq", "800000");
  host.tree.write(0, "scaling_max_freq", "3500000");
  const anew = host.snapshot();
  cpufreq.refresh();
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: anew, journal: [] });
  expect(cpufreq.clocks()[0]?.driver).toBe("intel_cpufreq");
  cpufreq.close();
});

test("A baseline that the operator changed is noticed while the clock has no claim", () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 0 });
  host.tree.write(0, "scaling_max_freq", "2000000");
  host.tree.write(1, "scaling_max_freq", "1700000");
  cpufreq.refresh();
  expect(cpufreq.clocks().map(({ baselineKhz }) => baselineKhz)).toEqual([2301000, 1700000, 2301000]);
  expect(host.changes).toBe(1);
  cpufreq.close();
});

test("All CPUs are compared in turns, however many there are", () => {
  const cpus = Array.from({ length: 40 }, (_, cpu) => cpu);
  using host = testHost([{ cpus, ...acpi }]);
  const cpufreq = host.open();
  host.tree.write(37, "scaling_max_freq", "1700000");
  for (let look = 0; look < 10; look++) cpufreq.refresh();
  expect(cpufreq.clocks()[37]?.baselineKhz).toBe(1700000);
  cpufreq.close();
});
