import type { Log } from "../../base/log.ts";
import type { Cpufreq, CpufreqEvents } from "../cpufreq.ts";
import { type HoldOptions, openClocks } from "../host-clocks.ts";
import type { Permission } from "../permission.ts";
import { type RestoreReport, restore } from "../restore.ts";
import { doNow } from "../work.ts";
import type { Disk } from "./disk.ts";
import { dryRun } from "./dry-run.ts";
import { kernelDisk } from "./kernel-disk.ts";
import { LinuxBackend } from "./linux-backend.ts";

/** How to treat this host's clocks. */
export interface CpufreqOptions extends HoldOptions, Permission {
  /** `/sys/devices/system/cpu`, or a tree like it. */
  readonly root: string;
  /** Change nothing, and log what would have been written. */
  readonly dryRun?: boolean;
}

/**
 * Finds this host's clocks. Restores the settings that a crashed daemon left in the journal, and writes nothing else.
 */
export function openCpufreq(options: CpufreqOptions, events: CpufreqEvents): Cpufreq {
  const { root, log } = options;
  const disk = options.dryRun === true ? dryRun(log) : kernelDisk(root, () => events.readBack?.());
  return openCpufreqOn(disk, options, events);
}

/** Does what {@link openCpufreq} does, on a disk that is passed in. */
export function openCpufreqOn(disk: Disk, options: CpufreqOptions, events: CpufreqEvents): Cpufreq {
  const backend = new LinuxBackend(options.root, options, disk);
  return openClocks({ backend, files: disk.files }, options, events);
}

/** Options of `vm-power restore`. */
export interface RestoreOptions {
  /** `/sys/devices/system/cpu`, or a tree like it. */
  readonly root: string;
  readonly journalDirectory: string;
  readonly log: Log;
  /** Also restore settings that a daemon kept on purpose (`OnExit = keep` or `max`). */
  readonly kept?: boolean;
}

/** Restores the settings that a daemon left in the journal. May be interrupted and done again. */
export function restoreJournal(options: RestoreOptions): RestoreReport {
  return restoreWith(kernelDisk(options.root), options);
}

/** Does what {@link restoreJournal} does, on a disk that is passed in. */
export function restoreWith(
  disk: Disk,
  { root, journalDirectory, log, kept = false }: RestoreOptions,
): RestoreReport {
  const backend = new LinuxBackend(root, { managed: "all" }, disk);
  const journal = { journalDirectory, names: backend.journal, files: disk.files, log };
  return doNow(restore(backend, journal, { kept }));
}
