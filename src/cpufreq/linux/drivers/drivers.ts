import type { ScalingDriver } from "../driver.ts";
import { acpiCppc } from "./acpi-cppc.ts";
import { amdPstate } from "./amd-pstate.ts";
import { amdPstateEpp } from "./amd-pstate-epp.ts";
import { frequencyList } from "./frequency-list.ts";
import { intelCpufreq } from "./intel-cpufreq.ts";
import { intelPstate } from "./intel-pstate.ts";

const drivers = new Map<string, ScalingDriver>([
  ["intel_pstate", intelPstate],
  ["intel_cpufreq", intelCpufreq],
  ["amd-pstate", amdPstate],
  ["amd-pstate-epp", amdPstateEpp],
  ["cppc_cpufreq", acpiCppc],
]);

/**
 * Finds the driver by its name in `scaling_driver`. An unknown one is expected to list its speeds, as acpi-cpufreq
 * does.
 */
export function driverNamed(name: string): ScalingDriver {
  return drivers.get(name) ?? frequencyList;
}
