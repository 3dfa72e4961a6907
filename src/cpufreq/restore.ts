import type { WriteRefused } from "../base/clock.ts";
import { dropUnfinished, type JournalMeans, loadJournal } from "./journal.ts";
import type { Backend } from "./port.ts";
import { recover } from "./recover.ts";
import type { Work } from "./work.ts";

/** The results for the entries of a journal, each named by its scope. */
export interface RestoreReport {
  readonly restored: readonly string[];
  /** Kept on purpose (`OnExit`). */
  readonly kept: readonly string[];
  /** Not restored; a later attempt may succeed. */
  readonly failed: readonly WriteRefused[];
}

/**
 * Restores the settings that a daemon left in the journal, with `kept` also those that it kept on purpose (`OnExit =
 * keep` or `max`). It may be interrupted and done again.
 */
export function* restore(
  backend: Backend,
  journal: JournalMeans,
  { kept }: { readonly kept: boolean },
): Work<RestoreReport> {
  const report = { restored: [] as string[], kept: [] as string[], failed: [] as WriteRefused[] };
  dropUnfinished(journal);
  for (const { scope, entry } of loadJournal(journal)) {
    if (entry.ok && entry.value.kept && !kept) {
      report.kept.push(scope);
      continue;
    }
    const problem = entry.ok ? yield* recover(backend, journal, entry.value) : `${scope}: ${entry.why}`;
    if (problem === undefined) report.restored.push(scope);
    else report.failed.push({ reason: problem });
  }
  return report;
}
