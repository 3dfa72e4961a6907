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
