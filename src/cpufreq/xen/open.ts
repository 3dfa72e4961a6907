import type { Log } from "../../base/log.ts";
import { type Result, success } from "../../base/result.ts";
import { FILE_CALLS, NO_FILE_CALLS } from "../../os/file-calls.ts";
import { openXenControl, type XenControl } from "../../os/xen/control.ts";
import type { Cpufreq, CpufreqEvents } from "../cpufreq.ts";
import { type HoldOptions, openClocks } from "../host-clocks.ts";
import type { Permission } from "../permission.ts";
import { type RestoreReport, restore } from "../restore.ts";
import { doNow } from "../work.ts";
import { DryXenPm } from "./dry-run.ts";
import { XenPm } from "./pm.ts";
import { XenBackend } from "./xen-backend.ts";

/** How to treat the clocks of a Xen host. */
export interface XenCpufreqOptions extends HoldOptions, Permission {
  /** Change nothing, and log what would have been set. */
  readonly dryRun?: boolean;
}

type OpenControl = () => Result<XenControl>;

/** Finds the clocks in Xen. Restores the settings that a crashed daemon left in the journal, and changes nothing else. */
export function openXenCpufreq(
  options: XenCpufreqOptions,
  events: CpufreqEvents,
  openControl: OpenControl = openXenControl,
): Cpufreq {
  const { dryRun = false, log } = options;
  const backend = new XenBackend({
    permission: options,
    open: () => access(openControl, dryRun ? log : undefined),
    readBack: () => events.readBack?.(),
  });
  return openClocks({ backend, files: dryRun ? NO_FILE_CALLS : FILE_CALLS }, options, events);
}

function access(openControl: OpenControl, dryLog: Log | undefined) {
  const opened = openControl();
  if (!opened.ok) return opened;
  const control = opened.value;
  const pm = dryLog === undefined ? new XenPm(control) : new DryXenPm(control, dryLog);
  return success({ control, pm });
}

/** What `vm-power restore` needs. */
interface XenRestoreOptions {
  readonly journalDirectory: string;
  readonly log: Log;
  /** Also restore settings that a daemon kept on purpose (`OnExit = keep` or `max`). */
  readonly kept: boolean;
}

/** Restores the settings that a daemon left in the journal. May be interrupted and done again. */
export function restoreXenJournal(
  { journalDirectory, log, kept }: XenRestoreOptions,
  openControl: OpenControl = openXenControl,
): RestoreReport {
  const backend = new XenBackend({
    permission: { managed: "all" },
    open: () => access(openControl, undefined),
  });
  const journal = { journalDirectory, names: backend.journal, files: FILE_CALLS, log };
  return doNow(restore(backend, journal, { kept }));
}
