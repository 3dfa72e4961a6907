import { dropEntry, type JournalMeans } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { Backend } from "./port.ts";
import type { Work } from "./work.ts";

/** Longest part of an original that a message shows. */
const QUOTE_MAX = 60;

/**
 * Restores one entry of the journal and removes it. Returns why it could not; the entry then stays. It may be
 * interrupted at any point and done again.
 */
export function* recover(
  backend: Backend,
  journal: JournalMeans,
  entry: JournalEntry,
): Work<string | undefined> {
  const found = backend.find(entry);
  if (!found.ok) return found.why;
  const refused = found.value === "renewed" ? undefined : yield found.value.write(entry.originals);
  if (refused !== undefined) {
    const was = JSON.stringify((entry.originals[refused.name] ?? "").slice(0, QUOTE_MAX));
    return `${entry.scope}/${refused.name}: ${refused.errno}, was ${was}`;
  }
  return dropEntry(journal, entry.scope);
}
