import { expect, test } from "bun:test";
import type { FrequencyTable } from "../../src/base/clock.ts";
import type { TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { speeds } from "../frequency-table.ts";
import { ACPI_KHZ, testHost } from "./test-host.ts";

// Every table here was worked out by hand from vm-power-protocol(7), "TABLES OF SPEEDS".

const INTEL_23 = [23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8].map((bin) => bin * 100_000);

const INTEL_TURBO = { baseIndex: 1, onAtStart: false, enableIsMax: false };

interface Case {
  readonly name: string;
  readonly cpu: Omit<TreeCpus, "cpus">;
  /** Files of the host that differ from the tree's. */
  readonly host?: Record<string, string | undefined>;
  readonly table: FrequencyTable;
  readonly priority?: boolean;
}

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;

// 16 of 28 states without turbo: 57 %, so 43 % are turbo, and 8 + 57 * 27 / 100 = 23.
const intel = { driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 } as const;

const cppc = { driver: "cppc_cpufreq", khz: [1500000, 1000000], baseKhz: 1200000 } as const;
const amd = { driver: "amd-pstate", khz: [1003000, 1000000], baseKhz: 1002000 } as const;

const CASES: readonly Case[] = [
  {
    name: "acpi-cpufreq takes the list as it is; 1 MHz above the next is turbo",
    cpu: acpi,
    table: { speeds: speeds(...ACPI_KHZ), turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true } },
  },
  {
    name: "acpi-cpufreq without such an entry has no turbo",
    cpu: { ...acpi, khz: [2300000, 2000000] },
    table: { speeds: speeds(2300000, 2000000), turbo: undefined },
  },
  {
    name: "acpi-cpufreq with one speed",
    cpu: { ...acpi, khz: [2300000] },
    table: { speeds: speeds(2300000), turbo: undefined },
  },
  {
    name: "acpi-cpufreq with boost switched off leaves the turbo entry out",
    cpu: acpi,
    host: { "cpufreq/boost": "0" },
    table: { speeds: speeds(...ACPI_KHZ.slice(1)), turbo: undefined },
  },
  {
    name: "boost switched off for one cpufreq policy",
    cpu: { ...acpi, files: { boost: "0" } },
    table: { speeds: speeds(...ACPI_KHZ.slice(1)), turbo: undefined },
  },
  {
    name: "a driver nobody knows, listing upwards",
    cpu: {
      ...acpi,
      files: { scaling_driver: "scmi", scaling_available_frequencies: "600000 1200000 1800000" },
    },
    table: { speeds: speeds(1800000, 1200000, 600000), turbo: undefined },
  },
  {
    name: "intel_pstate counts down from the base, behind the highest, for which the peer shows base + 1",
    cpu: intel,
    table: { speeds: [{ khz: 3500000, peerKhz: 2300001 }, ...speeds(...INTEL_23)], turbo: INTEL_TURBO },
  },
  {
    name: "intel_cpufreq has the same ladder",
    cpu: { ...intel, driver: "intel_cpufreq" },
    table: { speeds: [{ khz: 3500000, peerKhz: 2300001 }, ...speeds(...INTEL_23)], turbo: INTEL_TURBO },
  },
  {
    name: "a base frequency above the non-turbo speed makes a priority core",
    cpu: { ...intel, files: { base_frequency: "2500000" } },
    table: {
      speeds: [{ khz: 3500000, peerKhz: 2500001 }, ...speeds(2500000, 2400000, ...INTEL_23)],
      turbo: INTEL_TURBO,
    },
    priority: true,
  },
  {
    name: "a base frequency above the highest speed is a bug of the kernel",
    cpu: { ...intel, files: { base_frequency: "3600000" } },
    table: { speeds: [{ khz: 3500000, peerKhz: 2300001 }, ...speeds(...INTEL_23)], turbo: INTEL_TURBO },
  },
  {
    name: "intel_pstate without a base frequency",
    cpu: { ...intel, files: { base_frequency: undefined } },
    table: { speeds: [{ khz: 3500000, peerKhz: 2300001 }, ...speeds(...INTEL_23)], turbo: INTEL_TURBO },
  },
  {
    name: "intel_pstate without turbo_pct goes by the base frequency",
    cpu: intel,
    host: { "intel_pstate/turbo_pct": undefined },
    table: { speeds: [{ khz: 3500000, peerKhz: 2300001 }, ...speeds(...INTEL_23)], turbo: INTEL_TURBO },
  },
  {
    name: "intel_pstate with turbo switched off, on a kernel that leaves cpuinfo_max_freq alone",
    cpu: intel,
    host: { "intel_pstate/no_turbo": "1" },
    table: { speeds: speeds(...INTEL_23), turbo: undefined },
  },
  {
    name: "intel_pstate with turbo switched off, on a kernel that takes it out of cpuinfo_max_freq",
    cpu: { ...intel, files: { cpuinfo_max_freq: "2300000" } },
    host: { "intel_pstate/no_turbo": "1" },
    table: { speeds: speeds(...INTEL_23), turbo: undefined },
  },
  {
    // 100 - 100 * 3 / 3 = 0 % turbo; 8 + 100 * 2 / 100 = 10, and 1000000 is not below 1000000.
    name: "intel_pstate without turbo in the hardware",
    cpu: { ...intel, khz: [1000000, 800000], baseKhz: 1000000 },
    table: { speeds: speeds(1000000, 900000, 800000), turbo: undefined },
  },
  {
    name: "cppc_cpufreq counts down from the nominal speed, behind the highest",
    cpu: cppc,
    table: {
      speeds: speeds(1500000, 1200000, 1100000, 1000000),
      turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true },
    },
  },
  {
    name: "cppc_cpufreq stops before it is below scaling_min_freq",
    cpu: { ...cppc, files: { scaling_min_freq: "1050000" } },
    table: {
      speeds: speeds(1500000, 1200000, 1100000),
      turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true },
    },
  },
  {
    name: "cppc_cpufreq under an operator's limit below the nominal speed has no turbo",
    cpu: { ...cppc, files: { scaling_max_freq: "1100000" } },
    table: { speeds: speeds(1200000, 1100000, 1000000), turbo: undefined },
  },
  {
    name: "cppc_cpufreq on a platform that counts performance in kHz",
    cpu: cppc,
    host: { "cpu0/acpi_cppc/highest_perf": "1500000", "cpu0/acpi_cppc/nominal_perf": "1200000" },
    table: {
      speeds: speeds(1500000, 1200000, 1100000, 1000000),
      turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true },
    },
  },
  {
    name: "cppc_cpufreq whose highest speed is neither of its units has no turbo",
    cpu: { ...cppc, files: { cpuinfo_max_freq: "1490000" } },
    table: { speeds: speeds(1200000, 1100000, 1000000), turbo: undefined },
  },
  {
    // 3000 * 1024 / 63 = 48761, / 1024 = 47: 64 steps of 47 kHz, of which 4 differ once rounded.
    name: "amd-pstate gives equal neighbours once; the base is the first not above nominal_freq",
    cpu: amd,
    table: {
      speeds: speeds(1003000, 1002000, 1001000, 1000000),
      turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true },
    },
  },
  {
    name: "amd-pstate with one speed",
    cpu: { ...amd, khz: [1003000], baseKhz: 1003000 },
    table: { speeds: speeds(1003000), turbo: undefined },
  },
  {
    name: "amd-pstate-epp goes by the hardware's limits, not by those that we write",
    cpu: {
      ...amd,
      driver: "amd-pstate-epp",
      files: { scaling_max_freq: "1001000", scaling_min_freq: "1001000" },
    },
    table: {
      speeds: speeds(1003000, 1002000, 1001000, 1000000),
      turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true },
    },
  },
];

for (const { name, cpu, host: files = {}, table, priority = false } of CASES) {
  test(`clocks(): ${name}`, () => {
    // Performance values of 10 MHz are too coarse for 1002 MHz: those of kHz say which is higher.
    const perf = cpu.driver.startsWith("amd")
      ? { highest_perf: "200", nominal_perf: cpu.baseKhz === cpu.khz[0] ? "200" : "100" }
      : {};
    using host = testHost([{ cpus: [0], ...cpu }]);
    for (const [file, text] of Object.entries(perf)) host.put(`cpu0/acpi_cppc/${file}`, text);
    for (const [file, text] of Object.entries(files)) host.put(file, text);
    const cpufreq = host.open();
    expect(cpufreq.clocks()).toEqual([
      expect.objectContaining({ id: 0, pcpus: [0], table, priority: new Set(priority ? [0] : []) }),
    ]);
  });
}

test("amd-pstate has 64 steps, in the peer's 32-bit arithmetic", () => {
  // 3100000 * 1024 / 63 = 50387301, / 1024 = 49206.
  expect(ends("amd-pstate", 3500000)).toEqual({
    entries: 64,
    first: [3500000, 3451000, 3402000],
    last: 400000,
  });
  // 5300000 * 1024 wraps to 1132232704, / 63 / 1024 = 17550; 5700000 - 63 * 17550 = 4594350.
  expect(ends("amd-pstate", 5700000)).toEqual({
    entries: 64,
    first: [5700000, 5682000, 5665000],
    last: 4594000,
  });
});

test("amd-pstate-epp has the same steps without the wrap", () => {
  expect(ends("amd-pstate-epp", 3500000)).toEqual({
    entries: 64,
    first: [3500000, 3451000, 3402000],
    last: 400000,
  });
  // 5300000 / 63 = 84126.
  expect(ends("amd-pstate-epp", 5700000)).toEqual({
    entries: 64,
    first: [5700000, 5616000, 5532000],
    last: 400000,
  });
});

function ends(driver: "amd-pstate" | "amd-pstate-epp", maxKhz: number) {
  using host = testHost([{ cpus: [0], driver, khz: [maxKhz, 400000], baseKhz: 2600000 }]);
  const khz =
    host
      .open()
      .clocks()[0]
      ?.table.speeds.map(({ khz: each }) => each) ?? [];
  return { entries: khz.length, first: khz.slice(0, 3), last: khz.at(-1) };
}
