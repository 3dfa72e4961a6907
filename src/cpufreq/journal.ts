import fs from "node:fs";
import type { Log } from "../base/log.ts";
import { type Errno, refusalOf } from "../os/errno.ts";
import type { FileCalls } from "../os/file-calls.ts";
import { readOwnFile } from "../os/own-file.ts";
import { UNFINISHED, writeWhole } from "../os/whole-file.ts";
import { decodeEntry, ENTRY_SIZE_MAX, encodeEntry, type JournalEntry } from "./journal-entry.ts";
import type { JournalNames } from "./port.ts";

/** Entries of one directory that are looked at; hosts have fewer CPUs. */
const ENTRIES_MAX = 16_384;

const EXTENSION = ".json";

/** Where the journal is, and what it is written with. */
export interface JournalMeans {
  readonly journalDirectory: string;
  readonly names: JournalNames;
  readonly files: FileCalls;
  readonly log: Log;
}

/** A file of the journal, by the name of its scope, or why it is not believed. */
interface JournalFile {
  readonly scope: string;
  readonly entry: JournalEntry | string;
}

/** Saves an entry so that it is whole or not there, whenever the power goes; answers why it could not. */
export function saveEntry(means: JournalMeans, entry: JournalEntry): string | undefined {
  const { files: calls, log } = means;
  // The runtime directory may not have been made yet, or was cleaned away under us.
  const options = { mode: 0o600, directoryMode: 0o700, calls, log };
  const saved = writeWhole(entryPath(means, entry.scope), encodeEntry(entry), options);
  return saved.ok ? undefined : notSaved(means, saved.why.errno);
}

/** Removes what a crash left of entries that were being written; they cover nothing yet. */
export function dropUnfinished(means: JournalMeans): void {
  for (const name of namesIn(means.journalDirectory)) {
    if (name.endsWith(UNFINISHED) && scopeOf(means, name.slice(0, -UNFINISHED.length)) !== undefined)
      remove(means, `${means.journalDirectory}/${name}`);
  }
}

/** Drops an entry, and answers why it could not; that there is none is no mistake. */
export function dropEntry(means: JournalMeans, scope: string): string | undefined {
  const errno = remove(means, entryPath(means, scope));
  return errno === undefined || errno === "ENOENT" ? undefined : notSaved(means, errno);
}

/** The entry of one scope, or why it is not believed; undefined when there is none. */
export function loadEntry(means: JournalMeans, scope: string): JournalEntry | string | undefined {
  const text = readOwnFile(entryPath(means, scope), ENTRY_SIZE_MAX);
  if (!text.ok) return text.why;
  if (text.value === undefined) return undefined;
  const entry = decodeEntry(text.value, means.names);
  if (entry === undefined) return "it is not a journal entry";
  return entry.scope === scope ? entry : "it names another cpufreq policy";
}

/** Every entry of a directory; none when it is missing. */
export function loadJournal(means: JournalMeans): JournalFile[] {
  const files: JournalFile[] = [];
  for (const name of namesIn(means.journalDirectory)) {
    const scope = scopeOf(means, name);
    const entry = scope === undefined ? undefined : loadEntry(means, scope);
    if (scope !== undefined && entry !== undefined) files.push({ scope, entry });
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

function entryPath({ journalDirectory, names }: JournalMeans, scope: string): string {
  return `${journalDirectory}/${names.fileOf(scope)}${EXTENSION}`;
}

function scopeOf({ names }: JournalMeans, name: string): string | undefined {
  return name.endsWith(EXTENSION) ? names.scopeOf(name.slice(0, -EXTENSION.length)) : undefined;
}

function remove({ files }: JournalMeans, path: string): Errno | undefined {
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
