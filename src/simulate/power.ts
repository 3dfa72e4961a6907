import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CpufreqTree } from "./cpufreq-tree.ts";
import type { SimulatedKernel } from "./kernel.ts";

/** How often the counter is written, in ms. */
const PERIOD_MS = 250;

/** What the host takes without work, in watts. */
const STATIC_WATTS = 25;

/** The counter begins anew after this many microjoules, as that of a real package does. */
const RANGE_UJ = 262_143_328_850;

/** Plays a RAPL package in a directory of plain files: its counter follows the speed of the CPUs with guests, which poll. */
export function runPackage(directory: string, tree: CpufreqTree, pcpus: readonly number[]): SimulatedKernel {
  const zone = join(directory, "intel-rapl:0");
  mkdirSync(zone, { recursive: true });
  writeFileSync(join(zone, "name"), "package-0\n");
  writeFileSync(join(zone, "max_energy_range_uj"), `${RANGE_UJ}\n`);
  let uj = 0;
  let lastMs = performance.now();
  const count = () => {
    const nowMs = performance.now();
    uj = (uj + wattsOf(tree, pcpus) * (nowMs - lastMs) * 1000) % RANGE_UJ;
    lastMs = nowMs;
    // Written by renaming, so that no reader sees half of it.
    writeFileSync(join(zone, ".energy_uj"), `${Math.round(uj)}\n`);
    renameSync(join(zone, ".energy_uj"), join(zone, "energy_uj"));
  };
  count();
  const timer = setInterval(count, PERIOD_MS);
  return { close: () => clearInterval(timer) };
}

/** A core's power: what it switches, at a voltage that rises with its speed. */
function wattsOf(tree: CpufreqTree, pcpus: readonly number[]): number {
  return pcpus.reduce((sum, pcpu) => {
    const ghz = Number(tree.read(pcpu, "scaling_cur_freq")) / 1e6;
    return sum + 2 * (0.6 + 0.18 * ghz) ** 2 * ghz;
  }, STATIC_WATTS);
}
