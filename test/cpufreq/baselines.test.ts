import { expect, test } from "bun:test";
import type { TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { ACPI_KHZ, testHost } from "./test-host.ts";

const intel = { driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 } as const;
const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;

const BASELINES: readonly [string, Omit<TreeCpus, "cpus">, number][] = [
  ["schedutil may go to the limit", { ...acpi, files: { scaling_max_freq: "2000000" } }, 2000000],
  ["powersave stays at the lowest", { ...acpi, governor: "powersave" }, 1200000],
  [
    "userspace stays where it was put",
    { ...acpi, governor: "userspace", files: { scaling_setspeed: "1700000" } },
    1700000,
  ],
  ["userspace without a speed", { ...acpi, governor: "userspace" }, 2301000],
  ["intel_pstate's powersave follows the load", intel, 3500000],
  [
    "intel_cpufreq's powersave does not",
    { ...intel, driver: "intel_cpufreq", governor: "powersave" },
    800000,
  ],
  ["a limit that says rubbish", { ...acpi, files: { scaling_max_freq: "fast" } }, 2301000],
];

for (const [name, cpu, khz] of BASELINES) {
  test(`baselineKhz: ${name}`, () => {
    using host = testHost([{ cpus: [0], ...cpu }]);
    expect(host.open().clocks()[0]?.baselineKhz).toBe(khz);
  });
}
