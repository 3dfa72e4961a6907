import { systemErrorCode } from "../base/system-error.ts";

/** The kernel's error code: `EBUSY`, `ENODEV`, … */
export type Errno = string;

/** The error code of an error that `node:fs` threw. */
export function errnoOf(error: unknown): Errno {
  return systemErrorCode(error) ?? (error instanceof Error ? error.message : String(error));
}

/** Returns the error code like {@link errnoOf}; throws an error that has none, which is a fault of ours. */
export function refusalOf(error: unknown): Errno {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return code;
}

const GONE: readonly Errno[] = ["ENOENT", "ENODEV", "ENXIO"];

/**
 * Whether an error means that a file, or the device behind it, does not exist. Other errors may be over in a moment.
 */
export function isGone(errno: Errno): boolean {
  return GONE.includes(errno);
}
