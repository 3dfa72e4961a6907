import { CPU_NUMBER_END } from "../base/cpu-list.ts";
import type { Pcpu } from "../base/domain.ts";
import { isRecord } from "../base/is-record.ts";
import type { JournalNames, SavedScope, Values } from "./port.ts";

/** What is known of one scope that was changed: enough to put it back without the daemon. */
export interface JournalEntry extends SavedScope {
  /** The settings are to stay although the daemon ended (`OnExit`). */
  readonly kept: boolean;
  /** What the settings said before ours. */
  readonly originals: Values;
}

const VERSION = 1;

/** An entry with all its CPUs and settings stays far below. */
export const ENTRY_SIZE_MAX = 64 * 1024;

/** Writes an entry; the file calls the scope by the word that it had when there was only Linux. */
export function encodeEntry({ scope, pcpus, driver, kept, originals }: JournalEntry): string {
  return `${JSON.stringify({ version: VERSION, policy: scope, pcpus, driver, kept, originals })}\n`;
}

/** Reads an entry that may have been written by anyone; undefined unless all of it makes sense. */
export function decodeEntry(text: string, names: JournalNames): JournalEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
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
