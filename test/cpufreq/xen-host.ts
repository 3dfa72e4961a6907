import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Drift } from "../../src/cpufreq/cpufreq.ts";
import { openXenCpufreq, restoreXenJournal, type XenCpufreqOptions } from "../../src/cpufreq/xen/open.ts";
import { PlayedXen } from "../xen/played-xen.ts";
import { logInto } from "./test-host.ts";

export const KHZ = [2_301_000, 2_300_000, 1_800_000, 1_200_000];

/** Four CPUs: 0 has a clock of its own, 1 and 2 share a policy, 3 is the SMT sibling of 0. */
export function xenHost() {
  const xen = new PlayedXen();
  xen.cores = [0, 1, 2, 0];
  const policy = {
    khz: KHZ,
    governor: "ondemand",
    currentKhz: 1_200_000,
    minKhz: 1_200_000,
    maxKhz: 2_301_000,
  };
  xen.policies = [
    { ...policy, cpus: [0] },
    { ...policy, cpus: [1, 2] },
    { ...policy, cpus: [3] },
  ];
  xen.domains = [{ id: 0, handle: "0".repeat(32), flags: 0, pool: 0, vcpus: [{ online: true, pins: [0] }] }];
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "vm-power-xen-"));
  const lines: string[] = [];
  const drifts: Drift[] = [];
  const log = logInto(lines);
  let changes = 0;
  return {
    xen,
    lines,
    drifts,
    changes: () => changes,
    journal: () =>
      fs.existsSync(`${directory}/journal`) ? fs.readdirSync(`${directory}/journal`).sort() : [],
    open: (options: Partial<XenCpufreqOptions> = {}) =>
      openXenCpufreq(
        {
          managed: "all",
          onExit: "restore",
          onDrift: "reassert",
          journalDirectory: `${directory}/journal`,
          log,
          ...options,
        },
        { clocksChanged: () => changes++, drift: (drift) => drifts.push(drift) },
        xen.open,
      ),
    restore: (kept = false) =>
      restoreXenJournal({ journalDirectory: `${directory}/journal`, log, kept }, xen.open),
    [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true }),
  };
}

export const ORIGINAL = ["ondemand 1200000", "ondemand 1200000", "ondemand 1200000"];

export function states({ policies }: PlayedXen): string[] {
  return policies.map(({ governor, currentKhz }) => `${governor} ${currentKhz}`);
}
