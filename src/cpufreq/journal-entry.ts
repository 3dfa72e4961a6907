import { jsonIn } from "../base/attempt.ts";
import { CPU_NUMBER_END } from "../base/cpu-list.ts";
import type { Pcpu } from "../base/domain.ts";
import { isRecord } from "../base/is-record.ts";
import type { JournalNames, SavedScope, Values } from "./port.ts";

/** An entry of the journal: everything that is needed to restore one scope without the daemon. */
export interface JournalEntry extends SavedScope {
  /** The settings are kept on purpose although the daemon ended (`OnExit`). */
  readonly kept: boolean;
  /** The original settings. */
  readonly originals: Values;
}

const VERSION = 1;

/** Bytes of the longest entry that is read. An entry with all its CPUs and settings is much shorter. */
export const ENTRY_SIZE_MAX = 64 * 1024;

/** Formats an entry. The file calls the scope `policy`, as it did when there was only Linux. */
export function encodeEntry({ scope, pcpus, driver, kept, originals }: JournalEntry): string {
  return `${JSON.stringify({ version: VERSION, policy: scope, pcpus, driver, kept, originals })}\n`;
}

/** Parses an entry that anyone may have written; undefined unless all of it is valid. */
export function decodeEntry(text: string, names: JournalNames): JournalEntry | undefined {
  const value = jsonIn(text);
  if (!isRecord(value) || value["version"] !== VERSION) return undefined;
  const { policy: scope, pcpus, driver, kept, originals } = value;
  if (typeof scope !== "string" || names.scopeOf(names.fileOf(scope)) !== scope) return undefined;
  if (typeof driver !== "string" || driver.length > 64 || typeof kept !== "boolean") return undefined;
  if (!Array.isArray(pcpus) || !pcpus.every(isPcpu)) return undefined;
  if (!isRecord(originals) || !isValues(originals, names)) return undefined;
  return { scope, pcpus, driver, kept, originals };
}

function isPcpu(value: unknown): value is Pcpu {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < CPU_NUMBER_END;
}

function isValues(value: Record<string, unknown>, names: JournalNames): value is Values {
  return Object.entries(value).every(([name, text]) => typeof text === "string" && names.isValue(name, text));
}
