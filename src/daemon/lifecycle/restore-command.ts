import { join } from "node:path";
import { isServed } from "../../admin/socket-file.ts";
import { readConfig } from "../../config/load.ts";
import { problemLines } from "../../config/problem.ts";
import { restoreJournal } from "../../cpufreq/linux/open.ts";
import { restoreXenJournal } from "../../cpufreq/xen/open.ts";
import { EXIT_FAILED } from "../exit-code.ts";
import { hasXenClocks } from "../host/platform.ts";
import { openLog } from "../log.ts";
import { bootNow } from "../turn-clock.ts";
import { readHandover } from "./handover.ts";
import { SoleUse } from "./sole-use.ts";

/** `vm-power restore`: restores the settings in the journal, unless a daemon uses it or is about to. */
export async function restoreCommand(path: string, { kept }: { kept: boolean }): Promise<number> {
  const log = openLog(process.env, "info");
  // An error in the configuration may be the reason for the daemon's end. It must not keep clocks from being restored.
  const { config, problems } = readConfig(path);
  for (const { severity, text } of problemLines(problems)) log[severity](text);
  const { runtimeDirectory, controlSocket } = config.daemon;
  if (await isServed(controlSocket)) {
    log.error(`vm-power is running on "${controlSocket}": use "vmpowerctl restore", or stop it first`);
    return EXIT_FAILED;
  }
  if (!kept && readHandover(runtimeDirectory, bootNow()) !== undefined) {
    log.notice(
      "Nothing is restored: vm-power is being restarted, and the next daemon takes over (--kept overrides)",
    );
    return 0;
  }
  const sole = new SoleUse(log);
  try {
    sole.claim({ key: "Root", path: config.cpufreq.root });
  } catch (error) {
    log.error(`Nothing is restored. ${error instanceof Error ? error.message : error}`);
    return EXIT_FAILED;
  }
  const journalDirectory = join(runtimeDirectory, "restore");
  const { root } = config.cpufreq;
  const report = hasXenClocks(root)
    ? restoreXenJournal({ journalDirectory, log, kept })
    : restoreJournal({ root, journalDirectory, log, kept });
  for (const { reason } of report.failed) log.error(`Cannot restore ${reason}`);
  if (report.restored.length > 0) log.notice(`Restored ${report.restored.join(", ")}`);
  sole.close();
  return report.failed.length === 0 ? 0 : EXIT_FAILED;
}
