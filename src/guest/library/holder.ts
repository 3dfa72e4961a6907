import fs from "node:fs";
import { attempt } from "../../base/attempt.ts";
import { namesIn } from "../../os/names-in.ts";

/** A process that has a device open. */
export interface Holder {
  readonly pid: number;
  /** Its name as the kernel shortens it. */
  readonly name: string;
}

/**
 * Finds the process that has a device open; undefined if there is none, or if it cannot be seen. Reads every process's
 * open files.
 */
export function holderOf(path: string, proc = "/proc"): Holder | undefined {
  const device = attempt(() => fs.realpathSync(path));
  if (device === undefined) return undefined;
  for (const pid of namesIn(proc).filter((name) => /^\d+$/.test(name))) {
    const holds = namesIn(`${proc}/${pid}/fd`).some(
      (fd) => attempt(() => fs.readlinkSync(`${proc}/${pid}/fd/${fd}`)) === device,
    );
    if (!holds) continue;
    const name = attempt(() => fs.readFileSync(`${proc}/${pid}/comm`, "utf8").trim());
    return { pid: Number(pid), name: name ?? "?" };
  }
  return undefined;
}
