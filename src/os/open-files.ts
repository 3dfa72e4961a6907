import { readFileSync } from "node:fs";

/** How many files this process may have open (`RLIMIT_NOFILE`, getrlimit(2)); undefined if unknown. */
export function openFilesMax(limits = "/proc/self/limits"): number | undefined {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync(limits, "utf8"));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}
