import type { Exiting } from "../../admin/control-types.ts";
import type { WriteRefused } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { MESSAGE_IDS } from "../../base/message-id.ts";
import { isAsker } from "../apps/asker.ts";
import { EXIT_FAILED } from "../exit-code.ts";
import type { Parts } from "../parts.ts";
import { bootNow } from "../turn-clock.ts";
import { saveHandover } from "./handover.ts";

/** Why the daemon ends. */
export type Cause = Pick<Exiting, "reason" | "detail">;

/** What ends with the daemon, besides its {@link Parts}. */
export interface EndingOptions {
  readonly parts: Parts;
  readonly log: Log;
  /** Stopped first, and at once: it must be quiet before clocks are restored. */
  readonly quiet: readonly (() => void)[];
  /** Stopped last, because it delivers the last events. */
  readonly last: readonly (() => Promise<void> | undefined)[];
}

/**
 * Ends the daemon in order. Resolves with the exit status. A fault may have caused the end, so no step relies on the
 * one before: clocks are restored and subscribers informed in any case.
 */
export async function endDaemon(cause: Cause, { parts, log, quiet, last }: EndingOptions): Promise<number> {
  const { arbiter, clocks, cpufreq, events, history, config } = parts;
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
  // Whatever OnExit says: after the end nobody would bring them back for a VM.
  if (!handedOver) attempt(() => clocks.settle(arbiter.parking.knowAll(false), "the end"));
  const close = async () => (cpufreq.slow ? cpufreq.closeSlow() : cpufreq.close());
  const refused: readonly WriteRefused[] = (handedOver ? undefined : await close().catch(note)) ?? [];
  for (const { reason } of refused)
    log.error(`Cannot restore ${reason}`, { MESSAGE_ID: MESSAGE_IDS.notPutBack });
  failed.push(...refused.map(({ reason }) => reason));
  const onExit = handedOver ? "keep" : config().cpufreq.onExit;
  attempt(() => events.end({ ...cause, onExit, cpus, failed: [...failed] }));
  attempt(() => history?.flush({ all: true }));
  await Promise.all(last.map((step) => attempt(step)?.catch(note)));
  return failed.length === 0 ? 0 : EXIT_FAILED;
}

/** Leaves the clocks to the next daemon. Throws if that is not possible; then this end is like any other. */
function handOver({ arbiter, config, cpufreq, takeover, vms }: Parts, log: Log): boolean {
  const operated = cpufreq.clocks().flatMap(({ id }) => (arbiter.clock(id)?.order === undefined ? [] : [id]));
  // If this daemon ends before all VMs are known, it hands on what was handed to it.
  const handover = takeover.pending ?? {
    // Applications ask again: their wants last no longer than the daemon, or their lease.
    wants: arbiter.savedWants().filter(({ vm }) => !isAsker(vm)),
    policies: arbiter.policies.saved().filter(({ vm }) => !isAsker(vm)),
    operated,
    parked: arbiter.parking.parked(),
    domains: [...vms.domains.values()],
  };
  const { runtimeDirectory } = config().daemon;
  const saved = saveHandover({ runtimeDirectory, log }, handover, bootNow());
  if (!saved.ok) throw new Error(`Cannot hand over to the next daemon: ${saved.why}`);
  cpufreq.leave();
  return true;
}

function cpusInUse({ arbiter, cpufreq }: Parts): number[] {
  const used = cpufreq.clocks().filter(({ id }) => arbiter.setting(id)?.accepted !== "baseline");
  return used.flatMap(({ pcpus }) => pcpus).sort((a, b) => a - b);
}
