import type { Exiting } from "../../admin/control-types.ts";
import type { WriteRefused } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import { EXIT_FAILED } from "../exit-code.ts";
import type { Parts } from "../parts.ts";
import { bootNow } from "../turn-clock.ts";
import { saveHandover } from "./handover.ts";

/** Why the daemon ends. */
export type Cause = Pick<Exiting, "reason" | "detail">;

/** What ends with the daemon, beside its {@link Parts}. */
export interface EndingOptions {
  readonly parts: Parts;
  readonly log: Log;
  /** What takes no time and must be quiet before clocks are put back. */
  readonly quiet: readonly (() => void)[];
  /** What is waited for at the very end: it delivers the last events. */
  readonly last: readonly (() => Promise<void> | undefined)[];
}

/**
 * Ends in order; answers the exit code. It may be a fault that ends us, so no step relies on the one before: whatever
 * else fails, clocks are put back, and subscribers are told what was.
 */
export async function endDaemon(cause: Cause, { parts, log, quiet, last }: EndingOptions): Promise<number> {
  const { cpufreq, events, config } = parts;
  const failed: string[] = [];
  const note = (error: unknown): undefined => {
    const why = error instanceof Error ? error.message : `${error}`;
    log.error(`A step of the end failed: ${why}`);
    failed.push(why);
  };
  const attempt = <T>(step: () => T): T | undefined => {
    try {
      return step();
    } catch (error) {
      return note(error);
    }
  };
  for (const step of quiet) attempt(step);
  const cpus = attempt(() => cpusInUse(parts)) ?? [];
  const handedOver = cause.reason === "restart" && attempt(() => handOver(parts, log)) === true;
  const close = async () => (cpufreq.slow ? cpufreq.closeSlow() : cpufreq.close());
  const refused: readonly WriteRefused[] = (handedOver ? undefined : await close().catch(note)) ?? [];
  for (const { reason } of refused)
    log.error(`Cannot put back ${reason}`, { MESSAGE_ID: MESSAGE_IDS.notPutBack });
  failed.push(...refused.map(({ reason }) => reason));
  const onExit = handedOver ? "keep" : config().cpufreq.onExit;
  attempt(() => events.end({ ...cause, onExit, cpus, failed: [...failed] }));
  await Promise.all(last.map((step) => attempt(step)));
  return failed.length === 0 ? 0 : EXIT_FAILED;
}

/** Leaves everything to the daemon that follows; throws where that cannot be, and then this is an end like others. */
function handOver({ arbiter, config, cpufreq, takeover, vms }: Parts, log: Log): boolean {
  const operated = cpufreq.clocks().flatMap(({ id }) => (arbiter.clock(id)?.order === undefined ? [] : [id]));
  // Who is restarted before all VMs are known has nothing better than what was handed to it.
  const handover = takeover.pending ?? {
    wants: arbiter.savedWants(),
    operated,
    domains: [...vms.domains.values()],
  };
  const { runtimeDirectory } = config().daemon;
  const saved = saveHandover({ runtimeDirectory, log }, handover, bootNow());
  if (!saved.ok) throw new Error(`Cannot hand over to the next daemon: ${saved.why}`);
  cpufreq.leave();
  return true;
}

function cpusInUse({ arbiter, cpufreq }: Parts): number[] {
  const used = cpufreq.clocks().filter(({ id }) => arbiter.clock(id)?.accepted !== "baseline");
  return used.flatMap(({ pcpus }) => pcpus).sort((a, b) => a - b);
}
