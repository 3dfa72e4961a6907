import { CPU_NUMBER_END } from "../base/cpu-list.ts";
import type { Pcpu } from "../base/domain.ts";
import { isRecord } from "../base/is-record.ts";
import { isOriginal, MANAGED_FILES, type Originals } from "./originals.ts";
import { isPolicyName } from "./scan.ts";

/** What is known of one sysfs cpufreq policy that was changed: enough to put it back without the daemon. */
export interface JournalEntry {
  /** Its directory under the root, e.g. `cpufreq/policy2`. */
  readonly policy: string;
  /** The CPUs that it scaled. */
  readonly pcpus: readonly Pcpu[];
  /** Under another driver the kernel has made everything anew, and the originals mean nothing. */
  readonly driver: string;
  /** The settings are to stay although the daemon ended (`OnExit`). */
  readonly kept: boolean;
  readonly originals: Originals;
}

const VERSION = 1;

/** An entry with all its CPUs and files stays far below. */
export const ENTRY_SIZE_MAX = 64 * 1024;

/** Writes an entry. */
export function encodeEntry(entry: JournalEntry): string {
  return `${JSON.stringify({ version: VERSION, ...entry })}\n`;
}

/** Reads an entry that may have been written by anyone; undefined unless all of it makes sense. */
export function decodeEntry(text: string): JournalEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value["version"] !== VERSION) return undefined;
  const { policy, pcpus, driver, kept, originals } = value;
  if (typeof policy !== "string" || !isPolicyName(policy)) return undefined;
  if (typeof driver !== "string" || driver.length > 64 || typeof kept !== "boolean") return undefined;
  if (!Array.isArray(pcpus) || !pcpus.every(isPcpu)) return undefined;
  if (!isRecord(originals) || !isOriginals(originals)) return undefined;
  return { policy, pcpus, driver, kept, originals };
}

function isPcpu(value: unknown): value is Pcpu {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < CPU_NUMBER_END;
}

function isOriginals(value: Record<string, unknown>): value is Originals {
  return Object.entries(value).every(([file, text]) => {
    const managed = MANAGED_FILES.find((name) => name === file);
    return managed !== undefined && typeof text === "string" && isOriginal(managed, text);
  });
}
