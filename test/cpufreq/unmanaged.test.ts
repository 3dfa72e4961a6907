import { expect, test } from "bun:test";
import fs from "node:fs";
import type { TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
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

const RUBBISH: readonly [file: string, text: string | undefined, reason: string][] = [
  ["cpufreq/policy0", undefined, "no cpufreq directory"],
  ["cpufreq/policy0/scaling_driver", undefined, "no scaling_driver"],
  ["cpufreq/policy0/scaling_driver", "", 'scaling_driver says ""'],
  ["cpufreq/policy0/scaling_driver", "\u0007bell", 'scaling_driver says "\\u0007bell"'],
  ["cpufreq/policy0/scaling_available_frequencies", undefined, 'driver "acpi-cpufreq" lists no speeds'],
  ["cpufreq/policy0/scaling_available_frequencies", "", 'scaling_available_frequencies says ""'],
  [
    "cpufreq/policy0/scaling_available_frequencies",
    "2300000 fast",
    'scaling_available_frequencies says "2300000 fast"',
  ],
  [
    "cpufreq/policy0/scaling_available_frequencies",
    "2300000 0",
    'scaling_available_frequencies says "2300000 0"',
  ],
  ["cpufreq/policy0/scaling_available_frequencies", "-1", 'scaling_available_frequencies says "-1"'],
  [
    "cpufreq/policy0/scaling_available_frequencies",
    `${9 ** 20}`,
    'scaling_available_frequencies says "12157665459056929000"',
  ],
  [
    "cpufreq/policy0/scaling_available_frequencies",
    "100000001",
    'scaling_available_frequencies says "100000001"',
  ],
  ["cpufreq/policy0/related_cpus", "0-", 'related_cpus says "0-"'],
  ["cpufreq/policy0/affected_cpus", "0 99999", 'affected_cpus says "0 99999"'],
  ["cpufreq/policy0/freqdomain_cpus", "all", 'freqdomain_cpus says "all"'],
  ["cpu0/topology/thread_siblings_list", "x".repeat(5000), `thread_siblings_list says "${"x".repeat(60)}…"`],
];

for (const [file, text, reason] of RUBBISH) {
  test(`unmanaged(): ${file} ${text === undefined ? "is missing" : `says ${JSON.stringify(text.slice(0, 20))}`}`, () => {
    using host = testHost([
      { cpus: [0], ...acpi },
      { cpus: [1], ...acpi },
    ]);
    host.put(file, text);
    expect(found(host)).toEqual({ clocks: ["1: 1"], unmanaged: [`0: ${reason}`] });
  });
}

test("unmanaged(): a table must be in order and of some size", () => {
  const intel = { driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 } as const;
  const amd = { driver: "amd-pstate", khz: [3500000, 400000] } as const;
  using host = testHost([
    { cpus: [0], ...intel, files: { cpuinfo_min_freq: "3600000", base_frequency: undefined } },
    { cpus: [1], ...intel, files: { cpuinfo_max_freq: "99000000", base_frequency: "99000000" } },
    { cpus: [2], ...intel, files: { cpuinfo_max_freq: undefined } },
    { cpus: [3], ...amd, files: { scaling_min_freq: "3600000" } },
    { cpus: [4], ...amd, files: { scaling_max_freq: "none" } },
    { cpus: [5], ...cppc, files: { scaling_min_freq: "2700000", cpuinfo_max_freq: "1" } },
    { cpus: [6], ...acpi, khz: Array.from({ length: 300 }, (_, i) => 1000000 - i) },
  ] satisfies TreeCpus[]);
  host.put("cpu5/acpi_cppc/highest_perf", undefined);
  expect(found(host)).toEqual({
    clocks: [],
    unmanaged: [
      "0: its lowest speed is above its highest",
      "1: more than 256 speeds",
      "2: no cpuinfo_max_freq",
      "3: its lowest speed is above its highest",
      '4: scaling_max_freq says "none"',
      "5: its lowest speed is above its highest",
      "6: more than 256 speeds",
    ],
  });
});

test("unmanaged(): a cpufreq directory outside the root is not followed", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  using other = testHost([{ cpus: [0], ...acpi }]);
  fs.unlinkSync(`${host.root}/cpu0/cpufreq`);
  fs.symlinkSync(`${other.root}/cpufreq/policy0`, `${host.root}/cpu0/cpufreq`);
  const path = JSON.stringify(`${other.root}/cpufreq/policy0`.slice(0, 60)).slice(1, -1);
  expect(found(host)).toEqual({
    clocks: [],
    unmanaged: [expect.stringContaining(`0: its cpufreq directory is "${path}`)],
  });
});
