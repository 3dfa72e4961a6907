import { MESSAGE_IDS } from "../base/message-id.ts";
import type { Channel } from "../channels/channel.ts";
import type { Channels } from "../channels/channels.ts";
import type { Config } from "../config/config.ts";
import { processCpuUs } from "../os/clock-time.ts";
import { collect, givePagesBack, shrink } from "../os/memory.ts";
import { becomeOrdinary, becomeRealtime } from "../os/realtime.ts";
import { listenFds } from "../systemd/listen-fds.ts";
import type { Notify } from "../systemd/notify.ts";
import { VERSION } from "../version.ts";
import { assemble, type Undo } from "./assemble.ts";
import type { Surroundings } from "./edges.ts";
import { Footprint } from "./footprint.ts";
import { startHeartbeat } from "./host/heartbeat.ts";
import { parkingRule } from "./host/parking.ts";
import type { ServedVms } from "./host/served-vms.ts";
import { type Cause, endDaemon } from "./lifecycle/ending.ts";
import type { LeveledLog } from "./log.ts";
import { openMetricsOutput } from "./metrics/metrics-output.ts";
import { endContracts } from "./operators/contract-orders.ts";
import type { Parts } from "./parts.ts";
import { Priority } from "./priority.ts";
import { turnClock } from "./turn-clock.ts";

/** How long READY waits for channels that can be opened at once, in ms. */
const OPENING_MS = 200;
const OPENING_STEP_MS = 1;

/** Logged if the kernel refuses the realtime priority. */
const ORDINARY =
  "Runs without realtime priority (LimitRTPRIO= is 0): beside busy processes a request may wait for some milliseconds";

/** Options of {@link startDaemon}. */
export interface DaemonOptions {
  readonly config: Config;
  readonly log: LeveledLog;
  readonly notify: Notify;
}

/** A running daemon. */
export interface Daemon {
  /** Replaces the configuration. */
  reconfigure(config: Config): void;
  /** Keeps the configuration, and tells operators why the one in the files is not in force. */
  keepConfig(why: string): void;
  /** Ends the daemon in order. Resolves with the exit status. */
  stop(cause: Cause): Promise<number>;
}

/** Starts a daemon. Throws an error for the operator if that fails; then everything is closed again. */
export async function startDaemon({ config: first, log, notify }: DaemonOptions): Promise<Daemon> {
  let config = first;
  let configProblem: string | undefined;
  const priority = new Priority({ becomeOrdinary, becomeRealtime, processCpuUs });
  const time = turnClock((monoMs) => priority.turned(monoMs));
  const surroundings: Surroundings = { config: () => config, configProblem: () => configProblem, log, time };
  const undo: Undo = [];
  try {
    const assembled = await assemble(surroundings, undo);
    const { applications, hostEvents, hypervisor, operators, parts, sole } = assembled;
    const footprint = new Footprint({ shrink, collect, givePagesBack, processCpuUs });
    startHeartbeat(parts, { notify, sole, footprint });
    endContracts(parts);
    const metrics = openMetricsOutput({ config: config.metrics, parts, fds: listenFds(process.env), log });
    operators.begin();
    parts.energy?.begin();
    parts.samples?.begin();
    await opened(parts);
    if (parts.hypervisor.status().state === "unreachable") parts.takeover.presume();
    // Not before: the start is not urgent, and takes more of the CPU than the priority is meant for.
    if (!priority.begin(time().monoMs)) log.info(ORDINARY);
    const summary = hostEvents.started();
    notify.ready(summary);
    parts.events.publish("daemon", `vm-power ${VERSION} is ready: ${summary}`);
    log.notice(`vm-power ${VERSION} is ready: ${summary}`, { MESSAGE_ID: MESSAGE_IDS.ready });
    return {
      reconfigure(next) {
        config = next;
        configProblem = undefined;
        log.setLevel(config.daemon.logLevel);
        hypervisor.reconfigure();
        reconfigure(parts);
      },
      keepConfig(why) {
        configProblem = why;
      },
      stop(cause) {
        notify.stopping();
        log.notice(`Stopping: ${cause.detail}`, { MESSAGE_ID: MESSAGE_IDS.stopping, REASON: cause.reason });
        const { alarm, askers, attachHelper, channels, energy, fifos, samples, slices, traffic } = parts;
        const quiet = [
          metrics,
          slices,
          attachHelper,
          askers,
          alarm,
          traffic,
          energy,
          samples,
          channels,
          fifos,
        ];
        return endDaemon(cause, {
          parts,
          log,
          quiet: quiet.map((part) => () => part?.close()),
          last: [
            () => operators.close(),
            () => applications?.close(),
            () => parts.hypervisor.close(),
            async () => sole.close(),
          ],
        });
      },
    };
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

/** Applies a configuration that was replaced. */
function reconfigure(parts: Parts): void {
  const { arbiter, askers, channels, clocks, config, cpufreq, events, fifos, knobs, vms } = parts;
  clocks.settle(arbiter.configure(config().cpufreq), "a reload");
  clocks.settle(arbiter.parking.configure(parkingRule(config())), "a reload");
  clocks.turn();
  vms.decideAll();
  knobs.settle();
  askers.reconfigure(config().apps);
  cpufreq.refresh();
  channels.scan();
  fifos.refresh();
  events.publish("config", "the configuration was reloaded");
}

/**
 * Waits until the hypervisor has reported its domains and their channels were tried. The wait is limited, because
 * either may be missing.
 */
async function opened({ channels, vms }: { channels: Channels; vms: ServedVms }): Promise<void> {
  let waited: Channel | undefined;
  const pending = () => {
    if (!vms.complete) return true;
    // Channels open one after the other, so most looks end here.
    if (waited?.status === "connecting") return true;
    for (waited of channels.list()) if (waited.status === "connecting") return true;
    return false;
  };
  const endMs = performance.now() + OPENING_MS;
  while (pending() && performance.now() < endMs) await Bun.sleep(OPENING_STEP_MS);
}
