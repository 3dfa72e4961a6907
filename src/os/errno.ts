import { systemErrorCode } from "../base/system-error.ts";

/** The kernel's word for why not: `EBUSY`, `ENODEV`, … */
export type Errno = string;

/** The errno name inside what `node:fs` throws. */
export function errnoOf(error: unknown): Errno {
  return systemErrorCode(error) ?? (error instanceof Error ? error.message : String(error));
}

/** As {@link errnoOf}; what is no refusal of the kernel is a fault of ours, and is thrown on. */
export function refusalOf(error: unknown): Errno {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return code;
}

const GONE: readonly Errno[] = ["ENOENT", "ENODEV", "ENXIO"];

/** Whether a refusal means that a file is not there, or what it stands for; every other one may be over in a moment. */
export function isGone(errno: Errno): boolean {
  return GONE.includes(errno);
}
