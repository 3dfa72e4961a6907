import { expect, test } from "bun:test";
import fs from "node:fs";
import { ACPI_KHZ, type TestHost, testHost } from "./test-host.ts";

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;
const cppc = { driver: "cppc_cpufreq", khz: [3000000, 800000], baseKhz: 2600000 } as const;

/** The clocks as `id: pcpus`, and the unmanaged CPUs with their reasons. */
function found(host: TestHost, managed: "all" | readonly number[] = "all") {
  const cpufreq = host.open({ managed });
  return {
    clocks: cpufreq.clocks().map(({ id, pcpus }) => `${id}: ${pcpus.join(" ")}`),
    unmanaged: cpufreq.unmanaged().map(({ pcpu, reason }) => `${pcpu}: ${reason}`),
  };
}

test("clocks() joins CPUs of one cpufreq policy, SMT siblings and frequency domains", () => {
  using host = testHost([
    { cpus: [0], ...acpi },
    { cpus: [1, 5], siblings: true, ...cppc },
    { cpus: [2, 3], shared: true, ...cppc },
    { cpus: [6], ...acpi, files: { freqdomain_cpus: "6 7" } },
    { cpus: [7], ...acpi, files: { freqdomain_cpus: "6 7" } },
  ]);
  expect(found(host)).toEqual({ clocks: ["0: 0", "1: 1 5", "2: 2 3", "6: 6 7"], unmanaged: [] });
});

test("clocks() joins through several lists at once", () => {
  using host = testHost([
    { cpus: [0, 1], shared: true, ...cppc, files: { freqdomain_cpus: "1-2" } },
    { cpus: [2, 3], siblings: true, ...cppc },
  ]);
  expect(found(host)).toEqual({ clocks: ["0: 0 1 2 3"], unmanaged: [] });
});

test("A directory of its own for every CPU works like the kernel's links", () => {
  using host = testHost([{ cpus: [2, 3], shared: true, ...acpi }]);
  for (const cpu of [2, 3]) {
    fs.unlinkSync(`${host.root}/cpu${cpu}/cpufreq`);
    fs.cpSync(`${host.root}/cpufreq/policy2`, `${host.root}/cpu${cpu}/cpufreq`, { recursive: true });
  }
  fs.rmSync(`${host.root}/cpufreq`, { recursive: true });
  const before = host.snapshot();
  const cpufreq = host.open();
  expect(cpufreq.clocks().map(({ id, pcpus }) => [id, pcpus])).toEqual([[2, [2, 3]]]);
  cpufreq.apply({ clock: 2, setting: 3 });
  expect([2, 3].map((cpu) => host.tree.read(cpu, "scaling_setspeed"))).toEqual(["1700000", "1700000"]);
  expect(host.journal()).toEqual(["cpu2.json", "cpu3.json"]);
  cpufreq.close();
  expect(host.snapshot()).toEqual(before);
});

test("A clock is named by its lowest CPU, also when that one is offline", () => {
  using host = testHost([{ cpus: [2, 3], shared: true, offline: [2], ...acpi }]);
  expect(found(host)).toEqual({ clocks: ["2: 3"], unmanaged: ["2: offline"] });
});

test("Siblings with different tables are scaled separately, and that is logged once", () => {
  using host = testHost([
    { cpus: [0], ...acpi, files: { freqdomain_cpus: "0 1" } },
    { cpus: [1], ...cppc, files: { freqdomain_cpus: "0 1" } },
  ]);
  expect(found(host).clocks).toEqual(["0: 0", "1: 1"]);
  expect(host.lines).toEqual([
    "warning: CPU 0 and CPU 1 share a clock but have different speeds: they are scaled separately",
  ]);
});

test("Two clocks never have the same id, whatever the CPU lists contain", () => {
  using host = testHost([
    { cpus: [2], ...acpi, files: { related_cpus: "1 2" } },
    { cpus: [3], ...cppc, files: { related_cpus: "1 3" } },
  ]);
  expect(found(host)).toEqual({ clocks: ["1: 2", "3: 3"], unmanaged: [] });
});

test("CPUs outside ManagedCpus, and those that share a cpufreq policy with them, are not changed", () => {
  using host = testHost([
    { cpus: [0], ...acpi },
    { cpus: [2, 3], shared: true, ...acpi },
    { cpus: [4, 5], siblings: true, ...cppc },
  ]);
  expect(found(host, [0, 2, 4, 99])).toEqual({
    clocks: ["0: 0", "4: 4"],
    unmanaged: [
      "2: shares its clock with CPU 3, which is not in ManagedCpus",
      "3: not in ManagedCpus",
      "5: not in ManagedCpus",
      "99: no such CPU",
    ],
  });
  expect(host.lines).toEqual([
    "warning: CPU 4: CPUs on the same clock are not in ManagedCpus, and the higher speed takes effect for all",
  ]);
});

test("Reserved CPUs, and all whose clock is also theirs by any chain, are left alone, and told once", () => {
  using host = testHost([
    { cpus: [0], ...acpi },
    { cpus: [1, 2], shared: true, ...acpi },
    { cpus: [3, 4], siblings: true, ...acpi },
    { cpus: [5], ...acpi, files: { freqdomain_cpus: "4 5" } },
    { cpus: [6, 7], siblings: true, ...acpi },
  ]);
  const options = { managed: [1, 2, 3, 4, 5, 6], reserved: [0, 2, 3, 99] };
  const cpufreq = host.open(options);
  expect(cpufreq.clocks().map(({ id, pcpus }) => [id, pcpus])).toEqual([[6, [6]]]);
  expect(cpufreq.unmanaged()).toEqual([
    { pcpu: 0, reason: "in Reserved", reserved: true },
    { pcpu: 1, reason: "shares its clock with CPU 2, which is in Reserved", reserved: true },
    { pcpu: 2, reason: "in Reserved", reserved: true },
    { pcpu: 3, reason: "in Reserved", reserved: true },
    { pcpu: 4, reason: "shares its clock with CPU 3, which is in Reserved", reserved: true },
    { pcpu: 5, reason: "shares its clock with CPU 3, which is in Reserved", reserved: true },
    { pcpu: 7, reason: "not in ManagedCpus" },
  ]);
  const shared = "of the clock shared with CPU";
  expect(host.lines.splice(0)).toEqual([
    `warning: CPU 1: left alone too, because ${shared} 2, which is in Reserved`,
    `warning: CPU 4-5: left alone too, because ${shared} 3, which is in Reserved`,
    "warning: CPU 6: CPUs on the same clock are not in ManagedCpus, and the higher speed takes effect for all",
  ]);
  for (let look = 0; look < 9; look++) cpufreq.refresh();
  host.tree.setOnline(7, false);
  cpufreq.refresh();
  expect([host.lines, host.changes]).toEqual([[], 0]);
  cpufreq.close();
});

test("A reserved CPU is not looked at: its files may be missing, or change, and nobody asks", () => {
  using host = testHost([{ cpus: [0, 1], ...acpi }]);
  host.put("cpufreq/policy0/scaling_driver", undefined);
  const cpufreq = host.open({ reserved: [0] });
  expect(cpufreq.unmanaged()).toEqual([{ pcpu: 0, reason: "in Reserved", reserved: true }]);
  expect(cpufreq.apply({ clock: 1, setting: 3 })).toBeUndefined();
  expect(cpufreq.apply({ clock: 0, setting: 3 })).toEqual({ reason: "CPU 0 is not managed" });
  host.tree.write(0, "scaling_max_freq", "1400000");
  for (let look = 0; look < 9; look++) cpufreq.refresh();
  expect([host.drifts, host.changes, host.journal()]).toEqual([[], 0, ["policy1.json"]]);
  expect(cpufreq.close()).toEqual([]);
  expect(host.tree.read(0, "scaling_max_freq")).toBe("1400000");
});

test("The files of a sibling outside ManagedCpus are not changed", () => {
  using host = testHost([{ cpus: [4, 5], siblings: true, ...cppc }]);
  const sibling = (snapshot: Record<string, string>) => {
    return Object.entries(snapshot).filter(([path]) => path.startsWith("/cpufreq/policy5"));
  };
  const before = host.snapshot();
  const cpufreq = host.open({ managed: [4] });
  expect(cpufreq.apply({ clock: 4, setting: 3 })).toBeUndefined();
  expect(sibling(host.snapshot())).toEqual(sibling(before));
  expect(host.tree.read(4, "scaling_setspeed")).toBe("2400000");
  cpufreq.close();
});

test("A host without cpufreq, or without that root, has no clock", () => {
  using host = testHost([]);
  host.put("cpu0/topology/core_id", "0");
  host.put("cpuidle/current_driver", "none");
  host.put("cpu99999/online", "1");
  expect(found(host)).toEqual({ clocks: [], unmanaged: ["0: no cpufreq directory"] });
  const cpufreq = host.open({ root: `${host.root}/nowhere` });
  cpufreq.refresh();
  expect([cpufreq.clocks(), cpufreq.unmanaged(), cpufreq.close()]).toEqual([[], [], []]);
});

test("apply() refuses a clock and a speed that do not exist", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const cpufreq = host.open();
  expect(cpufreq.apply({ clock: 7, setting: 0 })).toEqual({ reason: "CPU 7 is not managed" });
  expect(cpufreq.apply({ clock: 0, setting: 6 })).toEqual({ reason: "clock 0 has no speed 6" });
  expect(cpufreq.apply({ clock: 0, setting: -1 })).toEqual({ reason: "clock 0 has no speed -1" });
  expect(cpufreq.apply({ clock: 0, setting: 0.5 })).toEqual({ reason: "clock 0 has no speed 0.5" });
  cpufreq.close();
});

test("observe() returns what the kernel reports, and undefined for a CPU without cpufreq", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const cpufreq = host.open();
  const seen = { governor: "schedutil", minKhz: 1200000, maxKhz: 2301000, socket: 0 };
  expect(cpufreq.observe(0)).toEqual({ ...seen, currentKhz: 2301000 });
  host.put("cpufreq/policy0/cpuinfo_avg_freq", "1834211");
  expect(cpufreq.observe(0)).toEqual({ ...seen, currentKhz: 1834211 });
  host.put("cpufreq/policy0/cpuinfo_avg_freq", undefined);
  host.put("cpufreq/policy0/scaling_cur_freq", undefined);
  expect(cpufreq.observe(0)).toEqual({ ...seen, currentKhz: undefined });
  expect(cpufreq.observe(7)).toBeUndefined();
});
