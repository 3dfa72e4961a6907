import { join } from "node:path";
import type { HypervisorDriver } from "../base/domain.ts";
import type { ChannelHost } from "../channels/channel.ts";
import { Channels } from "../channels/channels.ts";
import type { TurnHost } from "../channels/turn.ts";
import type { Config } from "../config/config.ts";
import { VM_KEYS } from "../config/keys.ts";
import { valuesOf } from "../config/settings.ts";
import type { Cpufreq, CpufreqEvents } from "../cpufreq/cpufreq.ts";
import { lookAtRoot } from "../cpufreq/linux/root.ts";
import { hostCpuTimeNs } from "../energy/cpu-time.ts";
import { type Counters, EnergyMeters } from "../energy/energy-meters.ts";
import type { Hypervisor, HypervisorEvents } from "../hypervisor/hypervisor.ts";
import { openLibvirt } from "../hypervisor/libvirt/libvirt.ts";
import { openQemu } from "../hypervisor/qemu/qemu.ts";
import { openStatic, type StaticMap } from "../hypervisor/static.ts";
import { openXen } from "../hypervisor/xen/xen.ts";
import { openFilesMax } from "../os/open-files.ts";
import { peerCredentials } from "../os/peer-credentials.ts";
import { netClass } from "../traffic/net-class.ts";
import { PacketMeter } from "../traffic/packet-meter.ts";
import { openHostClocks } from "./host/open-clocks.ts";
import { driverHere, driverNote } from "./host/platform.ts";
import type { LeveledLog } from "./log.ts";
import type { TurnClock } from "./turn-clock.ts";
import { resolveUsers } from "./users.ts";

// The edges of the daemon, opened as the configuration says. It is read again at each use, because a reload replaces
// it.

/** The most channels that are served. */
export const CHANNELS_MAX = 16_384;

/** Channels that are served even if few files may be open. */
const CHANNELS_MIN = 16;

/** Open files of a CPU whose speed we set, its FIFO included. */
const FILES_PER_CPU = 4;

/** Open files besides channels and CPUs: clients and listeners of the three sockets, libvirt, logs, locks. */
const OTHER_FILES = 256;

/**
 * How many channels there are descriptors for. Without free descriptors no further CPU can be scaled, and the runtime
 * would use a whole CPU for connections that it cannot accept.
 */
export function channelsMax(openFiles: number | undefined, cpus: number): number {
  const left = (openFiles ?? Number.POSITIVE_INFINITY) - OTHER_FILES - FILES_PER_CPU * cpus;
  return Math.max(CHANNELS_MIN, Math.min(CHANNELS_MAX, left));
}

/** What is needed to open every edge. */
export interface Surroundings {
  readonly config: () => Config;
  /** Why the configuration in the files is not in force, if a reload was refused. */
  readonly configProblem: () => string | undefined;
  readonly log: LeveledLog;
  readonly time: TurnClock;
}

/** Finds the host's clocks; with `adopt` it leaves those that the previous daemon handed over as they are. */
export function openClocks(
  { config, log }: Surroundings,
  events: CpufreqEvents,
  { adopt }: { readonly adopt: boolean },
): Cpufreq {
  const { cpufreq, daemon } = config();
  const options = {
    root: cpufreq.root,
    managed: cpufreq.managedCpus,
    reserved: cpufreq.reserved ?? [],
    dryRun: cpufreq.dryRun,
    get onExit() {
      return config().cpufreq.onExit;
    },
    get onDrift() {
      return config().cpufreq.onDrift;
    },
    journalDirectory: join(daemon.runtimeDirectory, "restore"),
    adopt,
    log,
  };
  return openHostClocks(options, events);
}

/** Serves channels: those in their directory from the first scan on. */
export function watchChannels(
  { config, log }: Surroundings,
  host: Pick<
    ChannelHost,
    "admit" | "expects" | "processOf" | "abiOf" | "packet" | "mayHurry" | keyof TurnHost | "changed"
  >,
): Channels {
  const max = channelsMax(openFilesMax(), lookAtRoot(config().cpufreq.root).pcpus.length);
  if (max < CHANNELS_MAX)
    log.notice(`At most ${max} channels are served: more need a higher limit of open files (LimitNOFILE=)`);
  const options = {
    directory: config().channels.directory,
    get strict() {
      return config().channels.strictDirectory;
    },
    max,
    log,
  };
  const trusted = trustedUids(config);
  return new Channels(options, {
    ...host,
    get trustedUids() {
      return trusted();
    },
    peerOf: peerCredentials,
  });
}

/** The users that QEMU may run as. */
function trustedUids(config: () => Config): () => ReadonlySet<number> {
  return derived(config, ({ channels }) => resolveUsers(channels.trustedUsers));
}

/** Values that follow from the configuration; computed again after a reload. */
function derived<T>(config: () => Config, derive: (config: Config) => T): () => T {
  let from = config();
  let value = derive(from);
  return () => {
    if (config() !== from) {
      from = config();
      value = derive(from);
    }
    return value;
  };
}

/** A {@link Hypervisor} that can follow a new configuration. */
export interface ConfiguredHypervisor extends Hypervisor {
  /** Applies a configuration that was replaced. */
  reconfigure(): void;
}

/** Opens the hypervisor driver that the configuration names, or that this host needs. */
export function followHypervisor(surroundings: Surroundings, events: HypervisorEvents): ConfiguredHypervisor {
  const { hypervisor } = surroundings.config();
  const note = driverNote(hypervisor.driver);
  if (note !== undefined) surroundings.log.warning(note);
  return DRIVERS[driverHere(hypervisor)](surroundings, events);
}

/** Where the network interfaces of the host are. */
const NET_ROOT = "/sys/class/net";

/** Measures the packets that VMs receive, by the counters of the hypervisor, else by those of the kernel. */
export function packetMeter(hypervisor: Hypervisor): PacketMeter {
  const nowMs = () => performance.now();
  const told = async (vm: string, mac: string) => hypervisor.receivedPackets?.(vm, mac);
  return new PacketMeter([told, netClass(NET_ROOT, nowMs)], nowMs);
}

/** Where the root of the control groups is. */
const CGROUP_ROOT = "/sys/fs/cgroup";

/** Finds the meters of energy, unless they are off, and the CPU time of the whole host. */
export function openMeters({ config, time }: Surroundings, counters: Counters) {
  const { meters, interval, powercap, hwmon } = config().energy;
  const where = { powercap, hwmon, intervalMs: interval * 1000, nowMs: () => time().monoMs };
  return {
    meters: new EnergyMeters({ ...where, meters: meters === "off" ? [] : meters }, counters),
    hostCpuTimeNs: () => hostCpuTimeNs(CGROUP_ROOT),
  };
}

type OpenDriver = (surroundings: Surroundings, events: HypervisorEvents) => ConfiguredHypervisor;

/** The function that opens each driver. */
const DRIVERS: { readonly [Driver in HypervisorDriver]: OpenDriver } = {
  libvirt({ config, log }, events) {
    const { uri, socket } = config().hypervisor;
    return Object.assign(openLibvirt({ uri, socket, log }, events), { reconfigure() {} });
  },
  xen({ log }, events) {
    return Object.assign(openXen({ log }, events), { reconfigure() {} });
  },
  qemu({ config, log }, events) {
    const trusted = trustedUids(config);
    const rule = {
      get trustedUids() {
        return trusted();
      },
      get containers() {
        return config().hypervisor.containers;
      },
    };
    const qemu = openQemu({ log, rule }, events);
    return Object.assign(qemu, { reconfigure: () => qemu.refresh() });
  },
  static({ config }, events) {
    const map = openStatic(staticMap(config()), events);
    return Object.assign(map, { reconfigure: () => map.replace(staticMap(config())) });
  },
};

/** What [vm NAME] says to the static driver. */
const MAP_KEYS = { Vcpus: VM_KEYS.Vcpus };

function staticMap({ rules }: Config): StaticMap {
  const known = [...rules.exact].flatMap(([name, settings]) => {
    const { vcpus } = valuesOf(MAP_KEYS, settings);
    return vcpus === undefined ? [] : [{ name, vcpus }];
  });
  return new Map(known.map(({ name, vcpus }) => [name, vcpus.map((pcpu) => [pcpu])]));
}
