import fs from "node:fs";
import type { Log } from "../base/log.ts";
import type { Disk } from "./disk.ts";
import { isOnline } from "./host.ts";
import { dropEntry } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { putBack } from "./put-back.ts";
import { quote, readText } from "./sysfs-file.ts";

/** Where a journal belongs to. */
export interface RecoverMeans {
  readonly disk: Disk;
  /** Without symbolic links. */
  readonly root: string;
  readonly journalDirectory: string;
  readonly plain: boolean;
  readonly log: Log;
}

/**
 * Puts back one entry of the journal and drops it. Answers what stands in the way; the entry then stays, so that it can
 * be tried again. Interrupted anywhere, it may simply be done again.
 */
export function recover(means: RecoverMeans, entry: JournalEntry): string | undefined {
  const problem = putEntryBack(means, entry);
  if (problem !== undefined) return problem;
  return dropEntry({ ...means, files: means.disk.files }, entry.policy);
}

function putEntryBack({ disk, root, plain }: RecoverMeans, entry: JournalEntry): string | undefined {
  const path = `${root}/${entry.policy}`;
  if (entry.pcpus.length > 0 && entry.pcpus.every((pcpu) => !isOnline(root, pcpu))) {
    return `${entry.policy}: CPU ${entry.pcpus.join(", ")} offline`;
  }
  if (!isItself(path)) return `${entry.policy}: no such directory`;
  const driver = readText(`${path}/scaling_driver`);
  if (driver === undefined) return `${entry.policy}/scaling_driver cannot be read`;
  // Another driver has made everything anew, and its governors of the same names mean something else.
  if (driver !== entry.driver) return undefined;
  const refused = putBack({ disk, path, plain }, entry.originals);
  if (refused === undefined) return undefined;
  return `${entry.policy}/${refused.file}: ${refused.errno}, was ${quote(entry.originals[refused.file] ?? "")}`;
}

function isItself(path: string): boolean {
  try {
    return fs.realpathSync(path) === path && fs.statSync(path).isDirectory();
  } catch {
    return false;
  }
}
