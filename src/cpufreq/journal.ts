import fs from "node:fs";
import type { Log } from "../base/log.ts";
import { type Errno, refusalOf } from "../os/errno.ts";
import type { FileCalls } from "../os/file-calls.ts";
import { readOwnFile } from "../os/own-file.ts";
import { UNFINISHED, writeWhole } from "../os/whole-file.ts";
import { decodeEntry, ENTRY_SIZE_MAX, encodeEntry, type JournalEntry } from "./journal-entry.ts";

/** Entries of one directory that are looked at; hosts have fewer CPUs. */
const ENTRIES_MAX = 16_384;

/** Where the journal is, and what it is written with. */
export interface JournalMeans {
  readonly files: FileCalls;
  readonly journalDirectory: string;
  readonly log: Log;
}

/** A file of the journal, by the name of its cpufreq policy, or why it is not believed. */
interface JournalFile {
  readonly policy: string;
  readonly entry: JournalEntry | string;
}

/** Saves an entry so that it is whole or not there, whenever the power goes; answers why it could not. */
export function saveEntry(means: JournalMeans, entry: JournalEntry): string | undefined {
  const { files: calls, journalDirectory, log } = means;
  const path = entryPath(journalDirectory, entry.policy);
  // The runtime directory may not have been made yet, or was cleaned away under us.
  const saved = writeWhole(path, encodeEntry(entry), { mode: 0o600, directoryMode: 0o700, calls, log });
  return saved.ok ? undefined : notSaved(means, saved.why.errno);
}

/** Removes what a crash left of entries that were being written; they cover nothing yet. */
export function dropUnfinished({ files, journalDirectory }: JournalMeans): void {
  for (const name of namesIn(journalDirectory)) {
    if (name.endsWith(UNFINISHED) && policyOfName(name.slice(0, -UNFINISHED.length)) !== undefined)
      remove(files, `${journalDirectory}/${name}`);
  }
}

/** Drops an entry, and answers why it could not; that there is none is no mistake. */
export function dropEntry(means: JournalMeans, policy: string): string | undefined {
  const errno = remove(means.files, entryPath(means.journalDirectory, policy));
  return errno === undefined || errno === "ENOENT" ? undefined : notSaved(means, errno);
}

function remove(files: FileCalls, path: string): Errno | undefined {
  try {
    files.unlinkSync(path);
    return undefined;
  } catch (error) {
    return refusalOf(error);
  }
}

function notSaved({ journalDirectory }: JournalMeans, errno: Errno): string {
  return `restore journal in "${journalDirectory}": ${errno}`;
}

/** The entry of one cpufreq policy, or why it is not believed; undefined when there is none. */
export function loadEntry(directory: string, policy: string): JournalEntry | string | undefined {
  const text = readOwnFile(entryPath(directory, policy), ENTRY_SIZE_MAX);
  if (!text.ok) return text.why;
  if (text.value === undefined) return undefined;
  const entry = decodeEntry(text.value);
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
