import { HYPERVISOR_DRIVERS } from "../base/domain.ts";
import { EPP_WORDS } from "../base/knobs.ts";
import { LOG_LEVELS } from "../base/log.ts";
import { POLICY_KINDS } from "../base/policy-kind.ts";
import { SOCKET_PATH_BYTES_MAX } from "../base/socket-path.ts";
import { CPUFREQ_KEYS } from "./cpufreq-keys.ts";
import { key, optional } from "./key.ts";
import { governors, latency, speedOrNone } from "./knob-values.ts";
import { timeZone } from "./schedule/schedule-values.ts";
import {
  abi,
  absolutePath,
  boolean,
  className,
  integer,
  listenAddress,
  meters,
  oneOf,
  socketPath,
  someOf,
  speedBound,
  uri,
  users,
  vcpuPins,
} from "./values.ts";

/** Our control socket is bound under this suffix first, then renamed. */
const NEW_SUFFIX_BYTES = ".new".length;

/** Longest path of our control socket. */
export const CONTROL_SOCKET_BYTES_MAX = SOCKET_PATH_BYTES_MAX - NEW_SUFFIX_BYTES;

/** The most requests per second: more than a virtio-serial channel carries. */
export const RATE_MAX = 1_000_000;

/** A gigabyte is months of a busy host. */
const HISTORY_MEGABYTES_MAX = 1024;

/** Longest dwell: a guest that waits longer would take it for a fault. */
export const DWELL_MAX_MS = 60_000;

/** Longest lease: a week. */
export const LEASE_MAX_SEC = 7 * 24 * 60 * 60;

/** What a guest can ask for, in the words of the protocol. */
export const OPERATIONS = ["up", "down", "min", "max", "turbo", "no-turbo"] as const;

/** All keys outside the sections about VMs. Loading, messages, `etc/vm-power.conf` and the manual page follow this table. */
export const KEYS = {
  daemon: {
    ControlSocket: key(
      socketPath(CONTROL_SOCKET_BYTES_MAX),
      "/run/vm-power/control.sock",
      "Socket that vmpowerctl connects to. Follows RuntimeDirectory when only that is set.",
    ),
    MonitorSocket: key(
      socketPath(CONTROL_SOCKET_BYTES_MAX),
      "/run/vm-power/monitor.sock",
      "Socket for users who may read the state but change nothing. Follows RuntimeDirectory in the same way.",
    ),
    MonitorAccess: key(
      oneOf(["group", "everyone", "off"]),
      "group",
      "Who may use MonitorSocket: the group vm-power-monitor, every user of this host, or nobody.",
    ),
    RuntimeDirectory: key(
      absolutePath,
      "/run/vm-power",
      "Directory for the sockets and the restore journal; emptied at boot.",
    ),
    StateDirectory: key(
      absolutePath,
      "/var/lib/vm-power",
      "Directory for what operators set with vmpowerctl, what happened, and the account of energy.",
    ),
    HistoryMegabytes: key(
      integer(0, HISTORY_MEGABYTES_MAX),
      "16",
      "The most megabytes in StateDirectory for what happened; 0: nothing is remembered.",
    ),
    LogLevel: key(
      oneOf(LOG_LEVELS),
      "info",
      "The least important level that is logged: error, warning, notice, info, debug.",
    ),
  },
  channels: {
    Directory: key(
      absolutePath,
      "/tmp/powermonitor",
      "Directory whose sockets are channels by their names, VM.NUMBER; those in a VM's definition may lie anywhere.",
    ),
    AutoAdd: key(
      boolean,
      "yes",
      "Serve the channels of every known VM; with no, only of those added with vmpowerctl add-vm.",
    ),
    TrustedUsers: key(
      users,
      "root libvirt-qemu qemu",
      "Users that may own channel sockets and listen on them.",
    ),
    StrictDirectory: key(
      boolean,
      "no",
      "Refuse a channel directory that every user may write to; with no, only warn.",
    ),
    Fifos: key(
      boolean,
      "no",
      "Read the FIFOs fifo0, fifo1 and so on there, through which applications ask as DPDK's host lets them.",
    ),
  },
  cpufreq: CPUFREQ_KEYS,
  hypervisor: {
    Driver: key(
      oneOf(["auto", ...HYPERVISOR_DRIVERS]),
      "auto",
      "Source of the VMs and of the CPUs that they run on.",
    ),
    Uri: key(uri, "qemu:///system", "URI of the libvirt connection."),
    Socket: optional(
      socketPath(SOCKET_PATH_BYTES_MAX),
      "Path of libvirt's socket, if it is not the one that follows from Uri.",
    ),
    Metadata: key(
      boolean,
      "yes",
      "Whether a VM's definition has a say in its contract: its metadata in libvirt, or its command line.",
    ),
    Containers: key(
      boolean,
      "no",
      "With Driver=qemu: serve QEMU processes in containers too; who may start one there can pose as any VM.",
    ),
  },
  metrics: {
    Textfile: optional(absolutePath, "File that is written for node_exporter's textfile collector."),
    Interval: key(integer(1, 3600), "15", "Seconds between two writes of Textfile."),
    Listen: optional(listenAddress, "Address on which metrics are served over HTTP, like 127.0.0.1:9101."),
    AllowRemote: key(boolean, "no", "Whether Listen may be an address that other hosts can reach."),
  },
  energy: {
    Meters: key(
      meters,
      "auto",
      "Meters of the host: auto finds them, off keeps no account of energy, or names like package-0,package-1.",
    ),
    Powercap: key(absolutePath, "/sys/class/powercap", "The kernel's directory of RAPL zones."),
    Hwmon: key(absolutePath, "/sys/class/hwmon", "The kernel's directory of sensors."),
    Interval: key(integer(1, 300), "10", "Seconds between two readings of the meters."),
  },
  schedule: {
    TimeZone: optional(timeZone, "Time zone of schedules and of guest policies by time, if not the host's."),
  },
} as const;

/** The keys of `[vm NAME]`. Those of a pattern and of a class have some less. */
export const VM_KEYS = {
  Vcpus: optional(vcpuPins, "With Driver=static: the CPU of vCPU 0, of vCPU 1 and so on, like 2,3 or 2-5."),
  Class: optional(className, "The class that the VM belongs to: what [class NAME] says holds for it."),
  MinKhz: optional(speedBound, "The guest cannot go below this speed."),
  MaxKhz: optional(speedBound, "The guest cannot go above this speed."),
  EmulatorMinKhz: optional(
    speedBound,
    "CPUs of its pinned emulator and iothreads are not set below this speed, whoever asks.",
  ),
  Turbo: key(boolean, "yes", "Whether the guest may use turbo, where the host allows it."),
  Query: key(boolean, "no", "Whether the guest may ask for frequencies and capabilities."),
  Energy: key(boolean, "no", "Whether the guest may ask how many joules its VM has used."),
  Operations: key(someOf(OPERATIONS), OPERATIONS.join(","), "What the guest may ask for; none: nothing."),
  Policies: key(
    someOf(POLICY_KINDS),
    POLICY_KINDS.join(","),
    "Guest policies that it may send; none: no policy.",
  ),
  RequestsPerSecond: key(
    integer(1, RATE_MAX),
    "10000",
    "Requests that each of its channels may send in a second, on average.",
  ),
  Burst: key(integer(1, RATE_MAX), "10000", "Requests that a channel may send at once after a pause."),
  MinDwellMs: key(
    integer(0, DWELL_MAX_MS),
    "0",
    "Milliseconds that a vCPU stays at a speed before a slower one that it asks for holds.",
  ),
  LeaseSec: key(
    integer(0, LEASE_MAX_SEC),
    "0",
    "Seconds after which a request ends unless the guest repeats it; 0: never.",
  ),
  Epp: optional(
    oneOf([...EPP_WORDS, "none"]),
    "Energy preference of its CPUs: performance, balance_performance, balance_power, power.",
  ),
  ResumeLatencyUs: optional(latency, "The longest time in µs in which its CPUs wake; 0: they never sleep."),
  Governor: optional(
    governors,
    "Governor of its CPUs while no speed is wanted: the first of this list that the kernel offers.",
  ),
  UncoreMinKhz: optional(
    speedOrNone,
    "The uncore (mesh, cache) of its CPUs' packages is not slower than this.",
  ),
  UncoreMaxKhz: optional(
    speedOrNone,
    "The uncore is not faster than this, if every VM of the package says so.",
  ),
  PhysicalCores: key(boolean, "no", "Whether the guest may name CPUs of the host instead of its vCPUs."),
  DryRun: key(boolean, "no", "Decide and answer the guest's requests, but do not apply them."),
  AttachAtStart: key(
    boolean,
    "no",
    "Attach the channels of its vCPUs when it starts without any; needs vm-power-attach.socket.",
  ),
  Abi: key(abi, "auto", "Size of the guest's packets: auto, 16, 456, 460 or 464."),
} as const;

const { Vcpus: _, ...patternKeys } = VM_KEYS;

/** The keys of `[vm PATTERN]`, and what can be said outside the files: where vCPUs run is said for one VM. */
export const PATTERN_KEYS = patternKeys;

const { Class: __, ...classKeys } = patternKeys;

/** The keys of `[class NAME]`: a class is in no class. */
export const CLASS_KEYS = classKeys;

/** The sections with fixed names. */
export type SectionName = keyof typeof KEYS;
