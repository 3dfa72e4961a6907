import { Arbiter } from "../arbiter/arbiter.ts";
import type { PolicyView } from "../arbiter/policy-view.ts";
import type { Pcpu } from "../base/domain.ts";
import { MESSAGE_IDS } from "../base/message-id.ts";
import type { Channels } from "../channels/channels.ts";
import type { Config } from "../config/config.ts";
import { makeOwnDirectory } from "../os/own-directory.ts";
import { peerCredentials } from "../os/peer-credentials.ts";
import { listenFds } from "../systemd/listen-fds.ts";
import type { Notify } from "../systemd/notify.ts";
import { VERSION } from "../version.ts";
import { Alarm } from "./alarm.ts";
import { followHypervisor, openClocks, packetMeter, type Surroundings, watchChannels } from "./edges.ts";
import { Events } from "./events/events.ts";
import { Clocks } from "./host/clocks.ts";
import { startHeartbeat } from "./host/heartbeat.ts";
import { HostEvents } from "./host/host-events.ts";
import { ServedVms } from "./host/served-vms.ts";
import { TrafficWatch } from "./host/traffic-watch.ts";
import { type Cause, endDaemon } from "./lifecycle/ending.ts";
import { takeHandover } from "./lifecycle/handover.ts";
import { SoleUse } from "./lifecycle/sole-use.ts";
import { Takeover } from "./lifecycle/takeover.ts";
import { limitedLog } from "./limited-log.ts";
import { hostZone, LocalHours, policyClock } from "./local-hours.ts";
import type { LeveledLog } from "./log.ts";
import { openMetricsOutput } from "./metrics/metrics-output.ts";
import { endContracts } from "./operators/contract-orders.ts";
import { control } from "./operators/control.ts";
import { LoopSlices } from "./operators/loop-slices.ts";
import { OperatorActs } from "./operators/operator-acts.ts";
import { OperatorStore } from "./operators/operator-store.ts";
import { orderAgain } from "./operators/order-again.ts";
import { serveOperators } from "./operators/sockets.ts";
import { Meters } from "./packet/meters.ts";
import { PacketPath } from "./packet/packet.ts";
import { Rates } from "./packet/rates.ts";
import { Recordings } from "./packet/recordings.ts";
import type { Parts } from "./parts.ts";
import { bootNow, turnClock } from "./turn-clock.ts";

/** How long READY waits for channels that can be opened at once, in ms. */
const OPENING_MS = 200;
const OPENING_STEP_MS = 5;

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
  /** Ends the daemon in order. Resolves with the exit status. */
  stop(cause: Cause): Promise<number>;
}

/** Steps to undo if a later step of the start fails, in the order of opening. */
type Undo = (() => unknown)[];

/** Starts a daemon. Throws an error for the operator if that fails; then everything is closed again. */
export async function startDaemon({ config: first, log, notify }: DaemonOptions): Promise<Daemon> {
  let config = first;
  const surroundings: Surroundings = { config: () => config, log, time: turnClock() };
  const undo: Undo = [];
  try {
    const assembled = await assemble(surroundings, undo);
    const { hostEvents, hypervisor, operators, parts, sole } = assembled;
    startHeartbeat(parts, notify, sole);
    endContracts(parts);
    const metrics = openMetricsOutput({ config: config.metrics, parts, fds: listenFds(process.env), log });
    operators.begin();
    await opened(parts);
    if (parts.hypervisor.status().state === "unreachable") parts.takeover.presume();
    notify.ready(hostEvents.summary());
    log.notice(`vm-power ${VERSION} is ready: ${hostEvents.summary()}`, { MESSAGE_ID: MESSAGE_IDS.ready });
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
        const quiet = [metrics, parts.slices, parts.alarm, parts.traffic, parts.channels];
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

/** Makes sure that no other daemon uses the CPUs and the channels. */
function claimHost({ config, log }: Surroundings, undo: Undo): SoleUse {
  makeOwnDirectory({ path: config().daemon.runtimeDirectory, mode: 0o755, key: "RuntimeDirectory" });
  // This comes first: only the daemon that has the CPUs to itself may restore what another one left.
  const sole = new SoleUse(log);
  undo.push(() => sole.close());
  if (!config().cpufreq.dryRun) sole.claim({ key: "Root", path: config().cpufreq.root });
  sole.claim({ key: "Directory", path: config().channels.directory });
  return sole;
}

/** Joins all parts, from the kernel upwards. */
async function assemble(surroundings: Surroundings, undo: Undo) {
  const { config, log, time } = surroundings;
  const startedAtMs = time().wallMs;
  const { runtimeDirectory, stateDirectory } = config().daemon;
  const sole = claimHost(surroundings, undo);

  let parts: Parts;
  const service = { control: control(() => parts), peerOf: peerCredentials, log, version: VERSION };
  const operators = await serveOperators(config().daemon, service);
  undo.push(() => operators.close());

  const alarm = new Alarm(time);
  undo.push(() => alarm.close());
  const limited = limitedLog(log, time);
  const moment = policyClock(time, new LocalHours(() => hostZone(process.env)));
  const hostEvents = new HostEvents(() => parts, { log, limited, alarm });
  const handover = takeHandover({ runtimeDirectory, log }, bootNow());
  const takeover = new Takeover(handover, { parts: () => parts, log, alarm, hostEvents, moment });
  const cpufreq = openClocks(surroundings, hostEvents, { adopt: handover !== undefined });
  undo.push(() => cpufreq.close());

  const store = new OperatorStore(stateDirectory, log);
  const arbiter = new Arbiter(config().cpufreq);
  const ordersEnded = (pcpus: readonly Pcpu[]) => {
    for (const pcpu of pcpus) store.noteCpu(pcpu, undefined);
    alarm.after("operator-state", 0, () => store.save());
  };
  const policiesTurned = (policies: readonly PolicyView[]) => turned(policies, parts);
  const doing = { arbiter, cpufreq, log: limited, time, alarm, ordersEnded, moment, policiesTurned };
  const clocks = new Clocks(doing);
  clocks.postponed = handover !== undefined;
  clocks.settle(arbiter.setClocks(cpufreq.clocks()), "the start");
  orderAgain(store, "the start", { arbiter, clocks, time, operated: handover?.operated });

  const events = new Events(time, (vm, request) => arbiter.grantOf(vm, request));
  const acts = new OperatorActs(log, time, events);
  const vms = new ServedVms({
    ...{ config, store, time, arbiter, clocks },
    hypervisor: () => parts.hypervisor,
    takeover,
  });
  const measured = {
    meters: new Meters(),
    recordings: new Recordings(),
    rates: new Rates(
      (vm) => vms.contracts.values(vm),
      (channel, quarantine) => hostEvents.quarantined(channel, quarantine),
    ),
  };
  const packets = new PacketPath({
    ...{ arbiter, clocks, events, log: limited, moment, time, ...measured },
    lookAgain: (vm) => parts.hypervisor.lookAgain(vm),
    trafficConcerned: () => parts.traffic.consider(),
    pinRemedy: (vm, vcpu) => parts.hypervisor.remedies.pin(vm, vcpu),
  });
  const channels = watchChannels(surroundings, {
    admit: (channel) => vms.admit(channel),
    expects: (vm, path) => vms.expects(vm, path),
    abiOf: (vm) => vms.contracts.values(vm).abi,
    packet: (channel, frame) => packets.received(channel, frame),
    changed: (channel) => hostEvents.channelChanged(channel),
  });
  undo.push(() => channels.close());
  const hypervisor = followHypervisor(surroundings, hostEvents);
  undo.push(() => hypervisor.close());
  const edges = { cpufreq, channels, hypervisor };
  const meter = packetMeter(hypervisor);
  const traffic = new TrafficWatch({ arbiter, clocks, alarm, log: limited, moment, meter });
  const known = { vms, traffic, store, events, acts, slices: new LoopSlices(), takeover };
  parts = { config, time, moment, alarm, arbiter, clocks, ...edges, ...known, ...measured, startedAtMs };

  hostEvents.reportCpus();
  if (config().cpufreq.dryRun)
    log.warning("DryRun=yes: everything is decided and answered, and no CPU is changed");
  channels.scan();
  return { parts, hostEvents, hypervisor, operators, sole };
}

/** Guest policies want something else from now on. */
function turned(policies: readonly PolicyView[], { events, traffic }: Parts): void {
  events.policiesTurned(policies);
  traffic.consider();
}

/** Applies a configuration that was replaced. */
function reconfigure({ arbiter, channels, clocks, config, cpufreq, events, vms }: Parts): void {
  clocks.settle(arbiter.configure(config().cpufreq), "a reload");
  vms.decideAll();
  cpufreq.refresh();
  channels.scan();
  events.publish("config", "the configuration was reloaded");
}

/**
 * Waits until the hypervisor has reported its domains and their channels were tried. The wait is limited, because
 * either may be missing.
 */
async function opened({ channels, vms }: { channels: Channels; vms: ServedVms }): Promise<void> {
  const pending = () => !vms.complete || [...channels.list()].some(({ status }) => status === "connecting");
  for (let waitedMs = 0; waitedMs < OPENING_MS && pending(); waitedMs += OPENING_STEP_MS)
    await Bun.sleep(OPENING_STEP_MS);
}
