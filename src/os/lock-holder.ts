import fs from "node:fs";
import { attempt } from "../base/attempt.ts";
import { namesIn } from "./names-in.ts";

/** A process that holds a lock. */
export interface LockHolder {
  readonly pid: number;
  readonly uid: number;
}

/**
 * Finds the process that holds a flock(2) on a file, among the processes whose descriptors this user can see: his own,
 * or all for root. It reads much of /proc, so it is only for messages about a failure.
 */
export function findLockHolder({ dev, ino }: Pick<fs.Stats, "dev" | "ino">): LockHolder | undefined {
  for (const pid of numbersIn("/proc")) {
    for (const fd of numbersIn(`/proc/${pid}/fd`)) {
      const stat = attempt(() => fs.statSync(`/proc/${pid}/fd/${fd}`));
      if (stat?.ino !== ino || stat.dev !== dev) continue;
      const info = attempt(() => fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"));
      const uid = attempt(() => fs.statSync(`/proc/${pid}`).uid);
      if (uid !== undefined && info?.includes("FLOCK") === true) return { pid, uid };
    }
  }
  return undefined;
}

function numbersIn(directory: string): number[] {
  return namesIn(directory)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
