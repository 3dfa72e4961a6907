import fs from "node:fs";
import { CPU_NUMBER_END } from "../../base/cpu-list.ts";
import type { Pcpu } from "../../base/domain.ts";
import { Readings } from "./readings.ts";
import { ifThere, parseNumber, readOptional, readText } from "./sysfs-file.ts";

/** Values that are the same for every CPU of a host. */
export interface Host {
  /** `/sys/devices/system/cpu` or a tree like it, without symbolic links. */
  readonly root: string;
  /** The `cpuN` directories, ascending. */
  readonly pcpus: readonly Pcpu[];
  readonly turboPercent: number | undefined;
  /** The operator has switched turbo off for the whole host. */
  readonly boostOff: boolean;
  /** These values and the signs of other changes. */
  readonly readings: Readings;
}

/** Files that change when tables or CPUs change. */
const SWITCHES = [
  "online",
  "intel_pstate/status",
  "intel_pstate/no_turbo",
  "intel_pstate/turbo_pct",
  "amd_pstate/status",
  "cpufreq/boost",
] as const;

/** Reads the values of a host. A root that does not exist has no CPUs. Throws `LookFailed`. */
export function readHost(root: string, readings = new Readings()): Host {
  const names = readings.note(() => ifThere(() => fs.readdirSync(root).join("\n")));
  const switches = SWITCHES.map((file) => readings.file(`${root}/${file}`, readOptional)?.trim());
  const valueIn = (file: (typeof SWITCHES)[number]) => switches[SWITCHES.indexOf(file)];
  return {
    root,
    pcpus: cpuNumbers(names?.split("\n") ?? []),
    turboPercent: parseNumber(valueIn("intel_pstate/turbo_pct")),
    boostOff: valueIn("intel_pstate/no_turbo") === "1" || valueIn("cpufreq/boost") === "0",
    readings,
  };
}

/** The numbers in the names of `cpuN` directories. */
function cpuNumbers(names: readonly string[]): Pcpu[] {
  return names
    .filter((name) => /^cpu(?:0|[1-9]\d{0,4})$/.test(name))
    .map((name) => Number(name.slice(3)))
    .filter((pcpu) => pcpu < CPU_NUMBER_END)
    .sort((a, b) => a - b);
}

/** Whether a CPU is online. A CPU that cannot be switched off has no `online` file. */
export function isOnline(root: string, pcpu: Pcpu, say = readText): boolean {
  return say(`${root}/cpu${pcpu}/online`) !== "0";
}
