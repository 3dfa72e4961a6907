import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { serveControl } from "../admin/server.ts";
import { Arbiter } from "../arbiter/arbiter.ts";
import { MESSAGE_IDS } from "../base/message-id.ts";
import { type Channels, openChannels } from "../channels/channels.ts";
import type { Config } from "../config/config.ts";
import { openCpufreq } from "../cpufreq/sysfs.ts";
import type { Hypervisor, HypervisorEvents } from "../hypervisor/hypervisor.ts";
import { openLibvirt } from "../hypervisor/libvirt/libvirt.ts";
import { openStatic, type StaticMap } from "../hypervisor/static.ts";
import { peerCredentials } from "../systemd/libc.ts";
import { listenFds } from "../systemd/listen-fds.ts";
import type { Notify } from "../systemd/notify.ts";
import { VERSION } from "../version.ts";
import { Clocks } from "./clocks.ts";
import { control, type Parts } from "./control.ts";
import { type Cause, endDaemon } from "./ending.ts";
import { Events } from "./events.ts";
import { grantOf } from "./grant.ts";
import { takeHandover } from "./handover.ts";
import { Happenings } from "./happenings.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { listenAtPace } from "./listen.ts";
import type { LeveledLog } from "./log.ts";
import { Meters } from "./meters.ts";
import { serveMonitor } from "./monitor.ts";
import { OperatorStore } from "./operator-state.ts";
import { packetPath } from "./packet.ts";
import { Recordings } from "./recordings.ts";
import { ServedVms } from "./served-vms.ts";
import { Takeover } from "./takeover.ts";
import { tellMetrics } from "./telling.ts";
import { resolveGroup, resolveUsers } from "./users.ts";

/** Channels that are served, at most; a socket each, so it must stay below the limit of open files. */
export const CHANNELS_MAX = 16_384;

/** How operators are let in: others than a flood get through it, and guests are served between them. */
const OPERATORS = { connections: 4, restMs: 0 };

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

/** Starts a daemon. Throws with a message for the operator when it cannot; then nothing of it is left. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const undo: (() => unknown)[] = [];
  try {
    return await assemble(options, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

/** Joins all parts, from the kernel up; what is to be closed when a later one fails goes to `undo`. */
async function assemble(
  { config: first, log, notify }: DaemonOptions,
  undo: (() => unknown)[],
): Promise<Daemon> {
  let config = first;
  const startedAtMs = Date.now();
  const { runtimeDirectory, stateDirectory, controlSocket } = config.daemon;
  mkdirSync(runtimeDirectory, { recursive: true, mode: 0o755 });

  // The control socket comes first: who holds it is the one daemon of this host, and may put back what another left.
  let parts: Parts;
  const served = { control: control(() => parts), peerOf: peerCredentials, log, version: VERSION };
  const server = await serveControl({
    ...served,
    path: controlSocket,
    gid: resolveGroup("vm-power"),
    listen: listenAtPace(OPERATORS),
  });
  undo.push(() => server.close());
  const monitor = await serveMonitor(config.daemon, served);
  undo.push(() => monitor?.close());

  const store = new OperatorStore(stateDirectory, log);
  const arbiter = new Arbiter(config.cpufreq);
  const events = new Events((vm, request) => grantOf(arbiter, vm, request));
  const happenings = new Happenings(() => parts, log);
  const handover = takeHandover(runtimeDirectory, startedAtMs);
  const takeover = new Takeover(handover, {
    parts: () => parts,
    log,
    happenings,
  });
  const cpufreq = openCpufreq(
    {
      root: config.cpufreq.root,
      managed: config.cpufreq.managedCpus,
      dryRun: config.cpufreq.dryRun,
      get onExit() {
        return config.cpufreq.onExit;
      },
      get onDrift() {
        return config.cpufreq.onDrift;
      },
      journalDirectory: join(runtimeDirectory, "restore"),
      adopt: handover !== undefined,
      log,
    },
    happenings,
  );
  undo.push(() => cpufreq.close());
  const clocks = new Clocks(arbiter, cpufreq, log);
  clocks.postponed = handover !== undefined;
  const vms = new ServedVms({
    config: () => config,
    store,
    arbiter,
    clocks,
    hypervisor: () => hypervisor?.status(),
    takeover,
  });
  let trustedUids = resolveUsers(config.channels.trustedUsers);
  let hypervisor: Hypervisor | undefined;

  clocks.settle(arbiter.setClocks(cpufreq.clocks()), "the start");
  for (const [pcpu, { khz, hold }] of store.cpus())
    if (hold || handover?.operated.includes(pcpu) !== false)
      clocks.settle(arbiter.operate(pcpu, { khz }, { hold, nowMs: startedAtMs }).writes, "the start");

  const meters = new Meters();
  const recordings = new Recordings();
  const lookAgain = (vm: string) => hypervisor?.lookAgain(vm);
  const packet = packetPath({ arbiter, clocks, events, log, meters, recordings, lookAgain });
  const channels = openChannels(
    {
      directory: config.channels.directory,
      get strict() {
        return config.channels.strictDirectory;
      },
      max: CHANNELS_MAX,
      log,
    },
    {
      get trustedUids() {
        return trustedUids;
      },
      admit: (channel) => vms.admit(channel),
      abiOf: (vm) => config.vms.get(vm)?.abi ?? "auto",
      peerOf: peerCredentials,
      packet,
      changed: (channel) => happenings.channelChanged(channel),
    },
  );
  undo.push(() => channels.close());
  hypervisor = openHypervisor(config, happenings, log);
  parts = {
    config: () => config,
    arbiter,
    clocks,
    cpufreq,
    channels,
    hypervisor,
    vms,
    store,
    events,
    meters,
    recordings,
    takeover,
    startedAtMs,
  };
  happenings.reportCpus();
  if (config.cpufreq.dryRun)
    log.warning("DryRun=yes: everything is decided and answered, and no CPU is changed");
  channels.scan();
  const heartbeat = startHeartbeat(parts, notify);
  undo.push(() => heartbeat.close());
  const telling = tellMetrics({ config: config.metrics, parts, fds: listenFds(process.env), log });
  await opened(vms, channels);
  if (hypervisor.status().state === "unreachable") takeover.presume();
  notify.ready(happenings.summary());
  log.notice(`vm-power ${VERSION} is ready: ${happenings.summary()}`, { MESSAGE_ID: MESSAGE_IDS.ready });

  return {
    reconfigure(next) {
      config = next;
      log.setLevel(config.daemon.logLevel);
      trustedUids = resolveUsers(config.channels.trustedUsers);
      if (hypervisor !== undefined && "replace" in hypervisor) replaceMap(hypervisor, config);
      clocks.settle(arbiter.configure(config.cpufreq), "a reload");
      vms.decideAll();
      cpufreq.refresh();
      channels.scan();
      events.tell("config", "the configuration was reloaded");
    },
    stop(cause) {
      notify.stopping();
      log.notice(`Stopping: ${cause.detail}`, { MESSAGE_ID: MESSAGE_IDS.stopping, REASON: cause.reason });
      return endDaemon(cause, {
        parts,
        log,
        quiet: [telling, heartbeat, takeover, channels, happenings].map((part) => () => part.close()),
        last: [() => server.close(), () => monitor?.close(), () => hypervisor?.close()],
      });
    },
  };
}

/** Waits until the hypervisor told its domains and their channels were tried, but never long: either may be absent. */
async function opened(vms: ServedVms, channels: Channels): Promise<void> {
  const pending = () => !vms.complete || [...channels.list()].some(({ status }) => status === "connecting");
  for (let waitedMs = 0; waitedMs < OPENING_MS && pending(); waitedMs += OPENING_STEP_MS)
    await Bun.sleep(OPENING_STEP_MS);
}

function openHypervisor(config: Config, events: HypervisorEvents, log: LeveledLog): Hypervisor {
  const { driver, uri, socket } = config.hypervisor;
  return driver === "static"
    ? openStatic(staticMap(config), events)
    : openLibvirt({ uri, socket, log }, events);
}

function replaceMap(hypervisor: Hypervisor, config: Config): void {
  if ("replace" in hypervisor && typeof hypervisor.replace === "function")
    hypervisor.replace(staticMap(config));
}

function staticMap(config: Config): StaticMap {
  const map = new Map<string, readonly (readonly number[])[]>();
  for (const [name, { vcpus }] of config.vms)
    if (vcpus !== undefined)
      map.set(
        name,
        vcpus.map((pcpu) => [pcpu]),
      );
  return map;
}
