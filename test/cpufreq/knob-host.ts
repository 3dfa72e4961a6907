import type { TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { ACPI_KHZ, type TestHost, watchedDisk } from "./test-host.ts";

const INTEL: TreeCpus = {
  cpus: [0],
  driver: "intel_pstate",
  khz: [3500000, 800000],
  baseKhz: 2300000,
  governor: "powersave",
};

const ACPI: TreeCpus = { cpus: [1], driver: "acpi-cpufreq", khz: ACPI_KHZ };

export const GROUPS: readonly TreeCpus[] = [
  INTEL,
  ACPI,
  { cpus: [2, 3], shared: true, driver: "intel_cpufreq", khz: [3500000, 800000], baseKhz: 2300000 },
];

export const LATENCY = "power/pm_qos_resume_latency_us";

export const EPP = "cpufreq/energy_performance_preference";

export const GOVERNOR = "cpufreq/scaling_governor";

export function read(host: TestHost, cpu: number, file: string): string | undefined {
  const snapshot = host.snapshot();
  const path = file.startsWith("cpufreq/") ? `/cpufreq/policy${cpu}/${file.slice(8)}` : `/cpu${cpu}/${file}`;
  return snapshot[path]?.trim();
}

/**
 * A disk like the kernel of the active modes: another preference than `performance` is refused under the governor
 * performance, which sets that one by itself.
 */
export function activeDisk(host: TestHost, before: () => string | undefined = () => undefined) {
  return watchedDisk(host.root, ({ kind, file, text }) => {
    const refused = before();
    if (refused !== undefined || kind !== "write" || file !== "policy0/energy_performance_preference")
      return refused;
    const isFixed = host.tree.read(0, "scaling_governor") === "performance" && text.trim() !== "performance";
    return isFixed ? "EBUSY" : undefined;
  });
}
