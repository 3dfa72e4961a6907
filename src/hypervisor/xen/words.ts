import type { Ending } from "../../base/origin.ts";

/** Why a domain ended, by its `SHUTDOWN_` code (xen/include/public/sched.h). */
const SHUTDOWN_ENDINGS: readonly Ending[] = [
  "shut-down",
  "rebooted",
  "saved",
  "crashed",
  "crashed",
  "rebooted",
];

/** `SHUTDOWN_suspend`: the domain is being saved or migrated, and may go on. */
export const SUSPENDED = 2;

/** The ending that a code means. */
export function endingOf(shutdown: number): Ending {
  return SHUTDOWN_ENDINGS[shutdown] ?? "stopped";
}

/** xl's names of a domain that is migrated: on the host that it comes to, and on the one that it has left. */
const INCOMING = "--incoming";
const AWAY = "--migratedaway";

/** Whether a name is that of a domain during its migration. */
export function migrationOf(name: string): "incoming" | "away" | undefined {
  if (name.endsWith(INCOMING)) return "incoming";
  return name.endsWith(AWAY) ? "away" : undefined;
}

/** Whether a domain can have this name: it is a part of file names and of lines for an operator. */
export function isName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a name with control characters is refused.
  return /^[^/\u0000-\u001f\u007f]{1,255}$/.test(name);
}
