import { HYPERVISOR_DRIVERS } from "../base/domain.ts";
import { LOG_LEVELS } from "../base/log.ts";
import { POLICY_KINDS } from "../base/policy-kind.ts";
import {
  abi,
  absolutePath,
  boolean,
  className,
  integer,
  listenAddress,
  managedCpus,
  oneOf,
  type Parser,
  SOCKET_PATH_BYTES_MAX,
  socketPath,
  someOf,
  speedBound,
  uri,
  users,
  vcpuPins,
} from "./values.ts";

/** One key of the configuration. */
export interface Key<T> {
  readonly parse: Parser<T>;
  /** The default as an operator would write it; undefined if there is none. */
  readonly default: string | undefined;
  /** One line of explanation for the operator. */
  readonly doc: string;
}

/** The keys of one section, by name. */
export type KeysOf = Readonly<Record<string, Key<unknown>>>;

/** The values of a section's keys: `ControlSocket` becomes `controlSocket`. */
export type ValuesOf<Keys extends KeysOf> = {
  readonly [Name in keyof Keys & string as Uncapitalize<Name>]: Keys[Name] extends Key<infer T> ? T : never;
};

/** Our control socket is bound under this suffix first, then renamed. */
const NEW_SUFFIX_BYTES = ".new".length;

/** Longest path of our control socket. */
export const CONTROL_SOCKET_BYTES_MAX = SOCKET_PATH_BYTES_MAX - NEW_SUFFIX_BYTES;

const MULTI_PIN_CPUS_MAX = 1024;

/** The most requests per second: more than a virtio-serial channel carries. */
const RATE_MAX = 1_000_000;

/** Longest dwell: a guest that waits longer would take it for a fault. */
const DWELL_MAX_MS = 60_000;

/** Longest lease: a week. */
const LEASE_MAX_SEC = 7 * 24 * 60 * 60;

/** What a guest can ask for, in the words of the protocol. */
const OPERATIONS = ["up", "down", "min", "max", "turbo", "no-turbo"] as const;

/** All keys outside the sections about VMs. Loading, messages, `etc/vm-power.conf` and the manual page follow this table. */
export const KEYS = {
  daemon: {
    ControlSocket: key(
      socketPath(CONTROL_SOCKET_BYTES_MAX),
      "/run/vm-power/control.sock",
      "Where vmpowerctl reaches the daemon. Follows RuntimeDirectory when only that is set.",
    ),
    MonitorSocket: key(
      socketPath(CONTROL_SOCKET_BYTES_MAX),
      "/run/vm-power/monitor.sock",
      "Where users connect who may look but not change anything. Follows RuntimeDirectory likewise.",
    ),
    MonitorAccess: key(
      oneOf(["group", "everyone", "off"]),
      "group",
      "Who may look: members of vm-power-monitor, every user of this host, or only who may use ControlSocket.",
    ),
    RuntimeDirectory: key(absolutePath, "/run/vm-power", "Sockets and the restore journal; lost at boot."),
    StateDirectory: key(absolutePath, "/var/lib/vm-power", "What operators set with vmpowerctl."),
    LogLevel: key(
      oneOf(LOG_LEVELS),
      "info",
      "The quietest lines that are logged: error, warning, notice, info, debug.",
    ),
  },
  channels: {
    Directory: key(absolutePath, "/tmp/powermonitor", "Where QEMU makes the channel sockets, VM.NUMBER."),
    AutoAdd: key(boolean, "yes", "Serve the channels of every known VM; no: only after vmpowerctl add-vm."),
    TrustedUsers: key(
      users,
      "root libvirt-qemu qemu",
      "Who may own channel sockets and be at their other end.",
    ),
    StrictDirectory: key(
      boolean,
      "no",
      "Serve nothing from a directory that others may write to; no: only warn.",
    ),
  },
  cpufreq: {
    Root: key(absolutePath, "/sys/devices/system/cpu", "The kernel's CPU tree; another path is for tests."),
    ManagedCpus: key(managedCpus, "all", "CPUs that may be scaled, like 2-15,18."),
    MultiPin: key(oneOf(["all", "last", "reject"]), "all", "Which CPUs a vCPU pinned to several steers."),
    MultiPinMax: key(integer(1, MULTI_PIN_CPUS_MAX), "4", "A vCPU that floats over more CPUs is refused."),
    OnExit: key(
      oneOf(["restore", "keep", "max"]),
      "restore",
      "What becomes of the CPUs when the daemon stops.",
    ),
    OnDrift: key(
      oneOf(["reassert", "yield"]),
      "reassert",
      "What to do when another program changes a managed CPU.",
    ),
    DryRun: key(boolean, "no", "Decide, answer and log, but change no CPU."),
  },
  hypervisor: {
    Driver: key(oneOf(HYPERVISOR_DRIVERS), "libvirt", "Who says which VM runs where."),
    Uri: key(uri, "qemu:///system", "The libvirt connection."),
    Socket: optional(
      socketPath(SOCKET_PATH_BYTES_MAX),
      "libvirt's socket, where the URI does not lead to it.",
    ),
    Metadata: key(boolean, "yes", "Whether a VM's metadata in libvirt has a say in its contract."),
  },
  metrics: {
    Textfile: optional(
      absolutePath,
      "A file that is kept up to date for node_exporter's textfile collector.",
    ),
    Interval: key(integer(1, 3600), "15", "Seconds between two writes of Textfile."),
    Listen: optional(listenAddress, "Where metrics are served over HTTP, like 127.0.0.1:9101."),
    AllowRemote: key(boolean, "no", "Whether Listen may be an address that other hosts reach."),
  },
} as const;

/** The keys of `[vm NAME]`. Those of a pattern and of a class have some less. */
export const VM_KEYS = {
  Vcpus: optional(vcpuPins, "With Driver=static: the CPU of vCPU 0, of vCPU 1 and so on, like 2,3 or 2-5."),
  Class: optional(className, "The class that the VM belongs to: what [class NAME] says holds for it."),
  MinKhz: optional(speedBound, "The guest cannot go below this speed."),
  MaxKhz: optional(speedBound, "The guest cannot go above this speed."),
  Turbo: key(boolean, "yes", "Whether the guest may use turbo, where the host allows it."),
  Query: key(boolean, "no", "Whether the guest may ask for frequencies and capabilities."),
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
  PhysicalCores: key(boolean, "no", "Whether the guest may name CPUs of the host instead of its vCPUs."),
  DryRun: key(boolean, "no", "Whether what the guest asks is decided and answered, but counts for nothing."),
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

function key<T>(parse: Parser<T>, defaultText: string, doc: string): Key<T> {
  return { parse, default: defaultText, doc };
}

function optional<T>(parse: Parser<T>, doc: string): Key<T | undefined> {
  return { parse, default: undefined, doc };
}
