import fs from "node:fs";
import type { Disk, Errno } from "./disk.ts";
import { decodeEntry, ENTRY_SIZE_MAX, encodeEntry, type JournalEntry } from "./journal-entry.ts";
import { readOwnFile } from "./own-file.ts";

/** Entries of one directory that are looked at; hosts have fewer CPUs. */
const ENTRIES_MAX = 16_384;

/** What the name of an entry ends with until all of it is written. */
const UNFINISHED = ".new";

/** A file of the journal, by the name of its cpufreq policy, or why it is not believed. */
interface JournalFile {
  readonly policy: string;
  readonly entry: JournalEntry | string;
}

/** Saves an entry so that it is whole or not there, whenever the power goes. */
export function saveEntry(disk: Disk, directory: string, entry: JournalEntry): Errno | undefined {
  const path = entryPath(directory, entry.policy);
  const unfinished = `${path}${UNFINISHED}`;
  const created = disk.create(unfinished, encodeEntry(entry));
  if (created !== undefined && created !== "EEXIST") return created;
  // A crash left an unfinished one.
  if (created === "EEXIST") {
    const errno = disk.remove(unfinished) ?? disk.create(unfinished, encodeEntry(entry));
    if (errno !== undefined) return errno;
  }
  return disk.rename(unfinished, path);
}

/** Removes what a crash left of entries that were being written; they cover nothing yet. */
export function dropUnfinished(disk: Disk, directory: string): void {
  for (const name of namesIn(directory)) {
    if (name.endsWith(UNFINISHED) && policyOfName(name.slice(0, -UNFINISHED.length)) !== undefined) {
      disk.remove(`${directory}/${name}`);
    }
  }
}

/** Drops an entry; that there is none is no mistake. */
export function dropEntry(disk: Disk, directory: string, policy: string): Errno | undefined {
  const errno = disk.remove(entryPath(directory, policy));
  return errno === "ENOENT" ? undefined : errno;
}

/** The entry of one cpufreq policy, or why it is not believed; undefined when there is none. */
export function loadEntry(directory: string, policy: string): JournalEntry | string | undefined {
  const text = readOwnFile(entryPath(directory, policy), ENTRY_SIZE_MAX);
  if (typeof text !== "string") return text?.problem;
  const entry = decodeEntry(text);
  if (entry === undefined) return "it is not a journal entry";
  return entry.policy === policy ? entry : "it names another cpufreq policy";
}

/** Every entry of a directory; none when it is missing. */
export function loadJournal(directory: string): JournalFile[] {
  const files: JournalFile[] = [];
  for (const name of namesIn(directory)) {
    const policy = policyOfName(name);
    const entry = policy === undefined ? undefined : loadEntry(directory, policy);
    if (policy !== undefined && entry !== undefined) files.push({ policy, entry });
  }
  return files;
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory).sort().slice(0, ENTRIES_MAX);
  } catch {
    return [];
  }
}

/** `cpufreq/policy2` → `policy2.json`, `cpu2/cpufreq` → `cpu2.json`. */
function entryPath(directory: string, policy: string): string {
  return `${directory}/${policy.replace(/^cpufreq\/|\/cpufreq$/, "")}.json`;
}

function policyOfName(name: string): string | undefined {
  const match = /^(policy|cpu)(\d{1,5})\.json$/.exec(name);
  if (match === null) return undefined;
  return match[1] === "policy" ? `cpufreq/policy${match[2]}` : `cpu${match[2]}/cpufreq`;
}
