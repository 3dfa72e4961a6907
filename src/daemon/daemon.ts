import { Arbiter } from "../arbiter/arbiter.ts";
import { MESSAGE_IDS } from "../base/message-id.ts";
import type { Channels } from "../channels/channels.ts";
import type { Config } from "../config/config.ts";
import { makeOwnDirectory } from "../os/own-directory.ts";
import { peerCredentials } from "../os/peer-credentials.ts";
import { listenFds } from "../systemd/listen-fds.ts";
import type { Notify } from "../systemd/notify.ts";
import { VERSION } from "../version.ts";
import { Clocks } from "./clocks.ts";
import { control, type Parts } from "./control.ts";
import { followHypervisor, openClocks, type Surroundings, watchChannels } from "./edges.ts";
import { type Cause, endDaemon } from "./ending.ts";
import { Events } from "./events.ts";
import { grantOf } from "./grant.ts";
import { takeHandover } from "./handover.ts";
import { Happenings } from "./happenings.ts";
import { startHeartbeat } from "./heartbeat.ts";
import type { LeveledLog } from "./log.ts";
import { Meters } from "./meters.ts";
import { OperatorStore } from "./operator-state.ts";
import { serveOperators } from "./operators.ts";
import { packetPath } from "./packet.ts";
import { Recordings } from "./recordings.ts";
import { ServedVms } from "./served-vms.ts";
import { SoleUse } from "./sole-use.ts";
import { Takeover } from "./takeover.ts";
import { tellMetrics } from "./telling.ts";

/** How long READY waits for channels that may be opened at once. */
const OPENING_MS = 200;
const OPENING_STEP_MS = 5;

/** What a daemon is started with. */
export interface DaemonOptions {
  readonly config: Config;
  readonly log: LeveledLog;
  readonly notify: Notify;
}

/** A daemon at work. */
export interface Daemon {
  /** Takes another configuration, whole. */
  reconfigure(config: Config): void;
  /** Ends in order; answers the exit code. */
  stop(cause: Cause): Promise<number>;
}

/** What is to be closed when a later step of the start fails, in the order of opening. */
type Undo = (() => unknown)[];

/** Starts a daemon. Throws with a message for the operator when it cannot; then nothing of it is left. */
export async function startDaemon({ config: first, log, notify }: DaemonOptions): Promise<Daemon> {
  let config = first;
  const surroundings: Surroundings = { config: () => config, log };
  const undo: Undo = [];
  try {
    const assembled = await assemble(surroundings, undo);
    const { happenings, hypervisor, operators, parts, sole } = assembled;
    const heartbeat = startHeartbeat(parts, notify, sole);
    undo.push(() => heartbeat.close());
    const telling = tellMetrics({ config: config.metrics, parts, fds: listenFds(process.env), log });
    operators.begin();
    await opened(parts);
    if (parts.hypervisor.status().state === "unreachable") parts.takeover.presume();
    notify.ready(happenings.summary());
    log.notice(`vm-power ${VERSION} is ready: ${happenings.summary()}`, { MESSAGE_ID: MESSAGE_IDS.ready });
    return {
      reconfigure(next) {
        config = next;
        log.setLevel(config.daemon.logLevel);
        hypervisor.reconfigure();
        reconfigure(parts);
      },
      stop(cause) {
        notify.stopping();
        log.notice(`Stopping: ${cause.detail}`, { MESSAGE_ID: MESSAGE_IDS.stopping, REASON: cause.reason });
        const quiet = [telling, heartbeat, parts.takeover, parts.channels, happenings];
        return endDaemon(cause, {
          parts,
          log,
          quiet: quiet.map((part) => () => part.close()),
          last: [() => operators.close(), () => parts.hypervisor.close(), async () => sole.close()],
        });
      },
    };
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

/** Joins all parts, from the kernel up. */
async function assemble(surroundings: Surroundings, undo: Undo) {
  const { config, log } = surroundings;
  const startedAtMs = Date.now();
  const { runtimeDirectory, stateDirectory } = config().daemon;
  makeOwnDirectory({ path: runtimeDirectory, mode: 0o755, key: "RuntimeDirectory" });

  // First of all: only who has the CPUs for himself may put back what another left.
  const sole = new SoleUse(log);
  undo.push(() => sole.close());
  if (!config().cpufreq.dryRun) sole.claim({ key: "Root", path: config().cpufreq.root });
  sole.claim({ key: "Directory", path: config().channels.directory });

  let parts: Parts;
  const service = { control: control(() => parts), peerOf: peerCredentials, log, version: VERSION };
  const operators = await serveOperators(config().daemon, service);
  undo.push(() => operators.close());

  const happenings = new Happenings(() => parts, log);
  const handover = takeHandover({ runtimeDirectory, log }, startedAtMs);
  const takeover = new Takeover(handover, { parts: () => parts, log, happenings });
  undo.push(() => takeover.close());
  const cpufreq = openClocks(surroundings, happenings, { adopt: handover !== undefined });
  undo.push(() => cpufreq.close());

  const store = new OperatorStore(stateDirectory, log);
  const arbiter = new Arbiter(config().cpufreq);
  const clocks = new Clocks(arbiter, cpufreq, log);
  clocks.postponed = handover !== undefined;
  clocks.settle(arbiter.setClocks(cpufreq.clocks()), "the start");
  for (const [pcpu, { khz, hold }] of store.cpus())
    if (hold || handover?.operated.includes(pcpu) !== false)
      clocks.settle(arbiter.operate(pcpu, { khz }, { hold, nowMs: startedAtMs }).writes, "the start");

  const status = () => parts.hypervisor.status();
  const vms = new ServedVms({ config, store, arbiter, clocks, hypervisor: status, takeover });
  const events = new Events((vm, request) => grantOf(arbiter, vm, request));
  const meters = new Meters();
  const recordings = new Recordings();
  const lookAgain = (vm: string) => parts.hypervisor.lookAgain(vm);
  const channels = watchChannels(surroundings, {
    admit: (channel) => vms.admit(channel),
    expects: (vm, path) => vms.expects(vm, path),
    packet: packetPath({ arbiter, clocks, events, log, meters, recordings, lookAgain }),
    changed: (channel) => happenings.channelChanged(channel),
  });
  undo.push(() => channels.close());
  const hypervisor = followHypervisor(surroundings, happenings);
  undo.push(() => hypervisor.close());
  const edges = { cpufreq, channels, hypervisor };
  const known = { vms, store, events, meters, recordings, takeover };
  parts = { config, arbiter, clocks, ...edges, ...known, startedAtMs };

  happenings.reportCpus();
  if (config().cpufreq.dryRun)
    log.warning("DryRun=yes: everything is decided and answered, and no CPU is changed");
  channels.scan();
  return { parts, happenings, hypervisor, operators, sole };
}

/** Does what a configuration that was replaced changes. */
function reconfigure({ arbiter, channels, clocks, config, cpufreq, events, vms }: Parts): void {
  clocks.settle(arbiter.configure(config().cpufreq), "a reload");
  vms.decideAll();
  cpufreq.refresh();
  channels.scan();
  events.tell("config", "the configuration was reloaded");
}

/** Waits until the hypervisor told its domains and their channels were tried, but never long: either may be absent. */
async function opened({ channels, vms }: { channels: Channels; vms: ServedVms }): Promise<void> {
  const pending = () => !vms.complete || [...channels.list()].some(({ status }) => status === "connecting");
  for (let waitedMs = 0; waitedMs < OPENING_MS && pending(); waitedMs += OPENING_STEP_MS)
    await Bun.sleep(OPENING_STEP_MS);
}
