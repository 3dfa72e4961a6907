import fs from "node:fs";
import type { WriteRefused } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Disk } from "./disk.ts";
import { dropUnfinished, loadJournal } from "./journal.ts";
import { isPlain, kernelDisk } from "./kernel-disk.ts";
import { recover } from "./recover.ts";

/** What `vm-power restore` needs to know. */
export interface RestoreOptions {
  /** `/sys/devices/system/cpu`, or a tree like it. */
  readonly root: string;
  readonly journalDirectory: string;
  readonly log: Log;
  /** Also put back what a daemon was told to leave behind (`OnExit = keep` or `max`). */
  readonly kept?: boolean;
}

/** What became of the entries of a journal, each named by its cpufreq policy. */
export interface RestoreReport {
  readonly restored: readonly string[];
  /** Left as they are on purpose. */
  readonly kept: readonly string[];
  /** Still in the journal; done again later they may succeed. */
  readonly failed: readonly WriteRefused[];
}

/** Puts back what a daemon that is gone has left in the journal. May be interrupted and done again. */
export function restoreJournal(options: RestoreOptions): RestoreReport {
  return restoreWith(kernelDisk(options.root), options);
}

/** {@link restoreJournal} on a disk that is handed in. */
export function restoreWith(
  disk: Disk,
  { root, journalDirectory, log, kept = false }: RestoreOptions,
): RestoreReport {
  const report = { restored: [] as string[], kept: [] as string[], failed: [] as WriteRefused[] };
  const means = { disk, root: realRoot(root), journalDirectory, plain: isPlain(root), log };
  dropUnfinished({ files: disk.files, journalDirectory, log });
  for (const { policy, entry } of loadJournal(journalDirectory)) {
    if (typeof entry !== "string" && entry.kept && !kept) {
      report.kept.push(policy);
      continue;
    }
    const problem = typeof entry === "string" ? `${policy}: ${entry}` : recover(means, entry);
    if (problem === undefined) {
      report.restored.push(policy);
      log.info(`Put back the settings of ${policy}`);
    } else {
      report.failed.push({ reason: problem });
      log.warning(`Cannot put back the settings of ${problem}`);
    }
  }
  return report;
}

/** A root without symbolic links; as it is when it cannot be resolved. */
export function realRoot(root: string): string {
  try {
    return fs.realpathSync(root);
  } catch {
    return root;
  }
}
