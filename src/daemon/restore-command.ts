import { join } from "node:path";
import { isServed } from "../admin/socket-file.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { restoreJournal } from "../cpufreq/restore-journal.ts";
import { EXIT_CONFIG, EXIT_FAILED } from "./exit-code.ts";
import { openLog } from "./log.ts";

/** `vm-power restore`: puts back what the journal says, unless a daemon is alive that holds it. */
export async function restoreCommand(path: string, { kept }: { kept: boolean }): Promise<number> {
  const log = openLog(process.env, "info");
  const loaded = loadConfig(path);
  if ("problems" in loaded) {
    for (const problem of loaded.problems) log[problem.severity](formatProblem(problem));
    return EXIT_CONFIG;
  }
  const { daemon, cpufreq } = loaded.config;
  if (await isServed(daemon.controlSocket)) {
    log.error(`vm-power is running on "${daemon.controlSocket}": use "vmpowerctl restore", or stop it first`);
    return EXIT_FAILED;
  }
  const journalDirectory = join(daemon.runtimeDirectory, "restore");
  const report = restoreJournal({ root: cpufreq.root, journalDirectory, log, kept });
  for (const { reason } of report.failed) log.error(`Cannot put back ${reason}`);
  if (report.restored.length > 0) log.notice(`Put back ${report.restored.join(", ")}`);
  return report.failed.length === 0 ? 0 : EXIT_FAILED;
}
