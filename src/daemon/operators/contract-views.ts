import type { Contract } from "../../admin/control-types.ts";
import type { SpeedBound } from "../../base/speed-bound.ts";
import type { VmConfig } from "../../config/config.ts";

/** A contract as the control interface shows it. */
export function contractView(values: VmConfig): Contract {
  const { minKhz, maxKhz, turbo, query, energy, physicalCores, dryRun, operations, policies } = values;
  const { requestsPerSecond, burst, minDwellMs, leaseSec } = values;
  return {
    ...{
      minKhz: khzOf(minKhz),
      maxKhz: khzOf(maxKhz),
      minPercent: percentOf(minKhz),
      maxPercent: percentOf(maxKhz),
      emulatorMinKhz: khzOf(values.emulatorMinKhz),
      emulatorMinPercent: percentOf(values.emulatorMinKhz),
    },
    ...{ turbo, query, energy, physicalCores, dryRun, class: values.class, operations, policies },
    ...{ requestsPerSecond, burst, minDwellMs, leaseSec },
    epp: known(values.epp),
    resumeLatencyUs: known(values.resumeLatencyUs),
    governors: known(values.governor),
    uncoreMinKhz: known(values.uncoreMinKhz),
    uncoreMaxKhz: known(values.uncoreMaxKhz),
  };
}

function known<T>(value: T | "none" | undefined): T | undefined {
  return value === "none" ? undefined : value;
}

function khzOf(bound: SpeedBound | undefined): number | undefined {
  return typeof bound === "number" ? bound : undefined;
}

function percentOf(bound: SpeedBound | undefined): number | undefined {
  return typeof bound === "object" ? bound.percent : undefined;
}
