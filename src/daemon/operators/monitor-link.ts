import { lstatSync, readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Log } from "../../base/log.ts";
import type { Config } from "../../config/config.ts";
import { errnoOf } from "../../os/errno.ts";

/**
 * Makes a link to the monitor socket, if that is elsewhere, at the place where clients look that do not know the configuration.
 * Returns what removes it.
 */
export function linkMonitor(
  { controlSocket, monitorSocket, runtimeDirectory }: Config["daemon"],
  log: Log,
): () => void {
  const link = join(resolve(runtimeDirectory), "monitor.sock");
  const target = resolve(monitorSocket);
  if ([target, resolve(controlSocket)].includes(link)) return () => {};
  try {
    // One that a daemon left which was killed.
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(link);
    symlinkSync(target, link);
  } catch (error) {
    log.warning(
      `Cannot make the link "${link}" to MonitorSocket=: ${errnoOf(error)}; what looks there finds nothing`,
    );
    return () => {};
  }
  return () => {
    try {
      if (readlinkSync(link) === target) unlinkSync(link);
    } catch {
      // It is gone already.
    }
  };
}
