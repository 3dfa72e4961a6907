import type { Errno } from "./disk.ts";

/** The errno name inside what `node:fs` throws. */
export function errnoOf(error: unknown): Errno {
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return error instanceof Error ? error.message : String(error);
}
