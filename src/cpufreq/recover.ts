import { dropEntry, type JournalMeans } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { Backend } from "./port.ts";
import type { Work } from "./work.ts";

/** How much of an original is shown in a message. */
const QUOTE_MAX = 60;

/**
 * Puts back one entry of the journal and drops it. Answers what stands in the way; the entry then stays, so that it can
 * be tried again. Interrupted anywhere, it may simply be done again.
 */
export function* recover(
  backend: Backend,
  journal: JournalMeans,
  entry: JournalEntry,
): Work<string | undefined> {
  const found = backend.find(entry);
  if (typeof found === "object" && "problem" in found) return found.problem;
  const refused = found === "renewed" ? undefined : yield found.write(entry.originals);
  if (refused !== undefined) {
    const was = JSON.stringify((entry.originals[refused.name] ?? "").slice(0, QUOTE_MAX));
    return `${entry.scope}/${refused.name}: ${refused.errno}, was ${was}`;
  }
  return dropEntry(journal, entry.scope);
}
