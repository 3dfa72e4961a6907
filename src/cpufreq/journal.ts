import type { Log } from "../base/log.ts";
import { failure, type Result, success } from "../base/result.ts";
import { type Errno, refusalOf } from "../os/errno.ts";
import type { FileCalls } from "../os/file-calls.ts";
import { namesIn } from "../os/names-in.ts";
import { readOwnFile } from "../os/own-file.ts";
import { UNFINISHED, writeWhole } from "../os/whole-file.ts";
import { decodeEntry, ENTRY_SIZE_MAX, encodeEntry, type JournalEntry } from "./journal-entry.ts";
import type { JournalNames } from "./port.ts";

/** The most entries of a directory that are read. Hosts have fewer CPUs. */
const ENTRIES_MAX = 16_384;

const EXTENSION = ".json";

/** The directory of the journal, and the calls to write it with. */
export interface JournalMeans {
  readonly journalDirectory: string;
  readonly names: JournalNames;
  readonly files: FileCalls;
  readonly log: Log;
}

/** A file of the journal, named after its scope, with its entry or the reason why it is not used. */
interface JournalFile {
  readonly scope: string;
  readonly entry: Result<JournalEntry>;
}

/** Saves an entry so that after a power cut it is whole or absent. Returns why it could not. */
export function saveEntry(means: JournalMeans, entry: JournalEntry): string | undefined {
  const { files: calls, log } = means;
  // The runtime directory may not exist yet, or may have been removed.
  const options = { mode: 0o600, directoryMode: 0o700, calls, log };
  const saved = writeWhole(entryPath(means, entry.scope), encodeEntry(entry), options);
  return saved.ok ? undefined : notSaved(means, saved.why.errno);
}

/** Removes unfinished files that a crash left. No setting was changed under them. */
export function dropUnfinished(means: JournalMeans): void {
  for (const name of filesIn(means)) {
    if (name.endsWith(UNFINISHED) && scopeOf(means, name.slice(0, -UNFINISHED.length)) !== undefined)
      remove(means, `${means.journalDirectory}/${name}`);
  }
}

/** Removes an entry. Returns why it could not; a missing entry is no error. */
export function dropEntry(means: JournalMeans, scope: string): string | undefined {
  const errno = remove(means, entryPath(means, scope));
  return errno === undefined || errno === "ENOENT" ? undefined : notSaved(means, errno);
}

/** The entry of one scope, or why it is not used; undefined if there is none. */
export function loadEntry(means: JournalMeans, scope: string): Result<JournalEntry> | undefined {
  const text = readOwnFile(entryPath(means, scope), ENTRY_SIZE_MAX);
  if (!text.ok) return text;
  if (text.value === undefined) return undefined;
  const entry = decodeEntry(text.value, means.names);
  if (entry === undefined) return failure("it is not a journal entry");
  return entry.scope === scope ? success(entry) : failure("it names another cpufreq policy");
}

/** All entries of a directory; none if the directory is missing. */
export function loadJournal(means: JournalMeans): JournalFile[] {
  const files: JournalFile[] = [];
  for (const name of filesIn(means)) {
    const scope = scopeOf(means, name);
    const entry = scope === undefined ? undefined : loadEntry(means, scope);
    if (scope !== undefined && entry !== undefined) files.push({ scope, entry });
  }
  return files;
}

function filesIn({ journalDirectory }: JournalMeans): readonly string[] {
  return [...namesIn(journalDirectory)].sort().slice(0, ENTRIES_MAX);
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
