import { type FSWatcher, readdirSync, renameSync, watch, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Files of a cpufreq policy that determine its current speed. */
const SETTINGS = ["scaling_governor", "scaling_setspeed", "scaling_min_freq", "scaling_max_freq"] as const;

/** Something that runs until it is closed. */
export interface SimulatedKernel {
  close(): void;
}

/** Plays the kernel in a tree of plain files: the current speed of each CPU follows its settings. */
export function runKernel(root: string): SimulatedKernel {
  const watchers = readdirSync(join(root, "cpufreq"))
    .filter((name) => name.startsWith("policy"))
    .map((name) => followSettings(join(root, "cpufreq", name)));
  return {
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}

function followSettings(policy: string): FSWatcher {
  let usual: number | undefined;
  let shown: number | undefined;
  let settled = Promise.resolve();
  async function settle(): Promise<void> {
    const [governor, ...speeds] = await Promise.all(SETTINGS.map((file) => says(join(policy, file))));
    const [asked = 0, min = 0, max = 0] = speeds.map(Number);
    usual ??= Number(await says(join(policy, "scaling_cur_freq")));
    const khz = Math.min(Math.max(governor === "userspace" ? asked : usual, min), max);
    if (!(khz > 0) || khz === shown) return;
    // Written by renaming, so that no reader sees half of it.
    writeFileSync(join(policy, ".scaling_cur_freq"), `${khz}\n`);
    renameSync(join(policy, ".scaling_cur_freq"), join(policy, "scaling_cur_freq"));
    shown = khz;
  }
  return watch(policy, (_event, file) => {
    if (!SETTINGS.some((setting) => setting === file)) return;
    // One update at a time; after the tree is removed there is nothing to read.
    settled = settled.then(settle).catch(() => {});
  });
}

async function says(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trim();
}
