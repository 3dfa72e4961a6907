import { type Control, ControlError, type Subscriber } from "../../src/admin/control.ts";
import type {
  Asker,
  Channel,
  ConfigSetting,
  ContractKey,
  Counters,
  Cpu,
  CpuCheck,
  Energy,
  Explanation,
  History,
  Hold,
  Load,
  Packet,
  Policy,
  StateList,
  Status,
  Usage,
  Vcpu,
  VcpuExplanation,
  VcpuInfo,
  Vm,
} from "../../src/admin/control-types.ts";

/** A guest that asked for the lowest speed, and was destroyed. */
export const HISTORY: History = {
  events: [
    {
      atMs: 1_700_000_000_000,
      kind: "speed",
      message:
        "CPU 2 at 1.200 GHz: for web.1:0; web.1:0 asked min (as asked: the highest claim on this clock)",
      pcpu: 2,
      khz: 1_200_000,
      users: ["web.1:0"],
    },
    {
      atMs: 1_700_000_100_000,
      kind: "vm",
      message: "web.1 is gone (destroyed): its claims end",
      vm: "web.1",
    },
  ],
  omitted: 3,
  keptFromMs: 1_699_000_000_000,
};

/** Ten minutes of a VM that was bounded once. */
export const USAGE: Usage = {
  ...{ fromMs: 1_700_000_000_000, toMs: 1_700_000_600_000, omitted: 0, keptFromMs: 1_699_000_000_000 },
  host: {
    states: [{ khz: 2_300_000, seconds: 900 }, { seconds: 300 }],
    transitions: 5,
    drifts: 2,
    writesRefused: 1,
  },
  points: [
    {
      ...{ fromMs: 1_700_000_000_000, toMs: 1_700_000_600_000 },
      ...{ granted: 4, bounded: 1, held: 3, refused: 2, transitions: 5, drifts: 2, writesRefused: 1 },
      ...{ states: [{ khz: 2_300_000, seconds: 900 }, { seconds: 300 }], p99Us: 20, worstUs: 80 },
    },
  ],
  vms: [
    {
      ...{ vm: "web.1", granted: 4, bounded: 1, held: 3, refused: 2, transitions: 5 },
      ...{ states: [{ khz: 2_300_000, seconds: 600 }], p99Us: 20, worstUs: 80, worstAtMs: 1_700_000_600_000 },
    },
  ],
};

/** Counters with different values, so that a mix-up shows. */
const COUNTERS: Counters = {
  requests: 120,
  granted: 110,
  refused: 7,
  malformed: 2,
  framingErrors: 1,
  repliesDropped: 3,
  writes: 90,
  writesRefused: 4,
};

/** A daemon without problems except for one channel. */
export const STATUS: Status = {
  version: "0.1.0",
  pid: 4711,
  startedAtMs: 1_700_000_000_000,
  hypervisor: { driver: "libvirt", uri: "qemu:///system", state: "connected", domains: 2 },
  channelDirectory: "/tmp/powermonitor",
  vms: 2,
  channels: 3,
  channelsConnected: 2,
  channelsRefused: 1,
  cpusManaged: 4,
  cpusUnmanaged: 0,
  claims: 2,
  counters: COUNTERS,
};

/** A served channel and a refused one. */
export const CHANNELS: readonly Channel[] = [
  {
    vm: "web.1",
    number: 0,
    path: "/tmp/powermonitor/web.1.0",
    status: "connected",
    abi: 464,
    peerPid: 812,
    counters: COUNTERS,
  },
  {
    vm: "web.1",
    number: 1,
    path: "/tmp/powermonitor/web.1.1",
    status: "refused",
    reason: "its socket belongs to uid 1000, who is not trusted",
    remedy: "add the user to TrustedUsers in [channels]",
    counters: { ...COUNTERS, requests: 0 },
  },
];

const POLICIES: readonly Policy[] = [
  {
    ...{ id: 3, vm: "web.1", by: "alice (uid 1000, pid 77)", atMs: 1_700_000_000_000, kind: "time" },
    ...{ vcpus: [0, 1], physical: false, wants: "max", allowed: true },
    ...{ busyHours: [8, 9, 10], quietHours: [0, 23], trafficHours: [12] },
    ...{ macs: ["52:54:00:12:34:56"], avgPackets: 1000, maxPackets: 2000, packetsPerSecond: 1500.4 },
  },
  {
    ...{ id: 1, vm: "web.1", atMs: 1_700_000_000_000, kind: "workload", vcpus: [1] },
    ...{ physical: false, wants: "min", allowed: true },
  },
];

/** A VM with every optional member. */
export const WEB1: Vm = {
  name: "web.1",
  state: "running",
  detail: "booted",
  added: true,
  contract: { minKhz: 1_200_000, turbo: true, query: false, physicalCores: false },
  vcpus: [
    { vcpu: 0, pcpus: [2], claim: { khz: 2_300_000, turbo: false, asked: "max", atMs: 1_700_000_100_000 } },
    {
      vcpu: 1,
      pcpus: [0, 1, 2, 3, 4, 5],
      problem: "not pinned",
      refused: { asked: "max", atMs: 1_700_000_000_000, reason: "not pinned", remedy: "pin it" },
    },
  ],
  channels: CHANNELS,
};

/** CPUs of a small host: managed and held, and not managed. */
export const CPUS: readonly Cpu[] = [
  {
    pcpu: 2,
    managed: true,
    driver: "acpi-cpufreq",
    clock: [2, 6],
    governor: "userspace",
    minKhz: 1_200_000,
    maxKhz: 2_300_000,
    currentKhz: 2_300_000,
    setting: "2300000",
    requestedKhz: 2_300_000,
    tableKhz: [2_301_000, 2_300_000, 1_800_000, 1_200_000],
    turbo: true,
    held: true,
    vcpus: ["web.1:0"],
  },
  {
    pcpu: 3,
    managed: false,
    reason: "no cpufreq directory",
    clock: [3],
    tableKhz: [],
    turbo: false,
    held: false,
    vcpus: [],
  },
];

/** Includes a CPU that another program changed. */
const EXPLANATION: Explanation = {
  cpu: CPUS[0] as Cpu,
  claimants: [
    { by: "web.1", vcpu: 0, wants: "max", khz: 2_300_000 },
    { by: "db", vcpu: 0, wants: "baseline" },
  ],
  last: {
    atMs: 1_700_000_100_000,
    by: "web.1",
    vcpu: 0,
    asked: "max",
    granted: "2300000",
    khz: 2_300_000,
    accepted: true,
    rule: "highest claim",
  },
  drift: {
    atMs: 1_700_000_200_000,
    file: "cpu2/cpufreq/scaling_setspeed",
    ours: "2300000",
    found: "1200000",
    outcome: "reasserted",
  },
};

function vcpuExplanation(vcpu: number): VcpuExplanation {
  const { name: vm, state, detail, added, contract, vcpus } = WEB1;
  const clocks = vcpu === 0 ? [{ ...EXPLANATION, rule: "as asked: the highest claim on this clock" }] : [];
  return { vm, state, detail, added, contract, vcpu: vcpus[vcpu] as Vcpu, clocks };
}

/** CPUs with the right setting, with a wrong one, and with one that the kernel refused. */
export const CHECKS: readonly CpuCheck[] = [
  { pcpu: 2, ok: true, should: "2300000", khz: 2_300_000, currentKhz: 2_300_000, wrong: [] },
  {
    pcpu: 3,
    ok: false,
    should: "2300000",
    khz: 2_300_000,
    currentKhz: 1_200_000,
    wrong: [{ file: "cpu3/cpufreq/scaling_setspeed", should: "2300000", does: "1200000" }],
    reason: "another program changed it",
    remedy: "vmpowerctl doctor finds who does it",
  },
  { pcpu: 4, ok: false, should: "baseline", wrong: [], reason: "the kernel refused it" },
];

/** A VM with a claim on one vCPU and a problem with the other. */
export const LOAD: Load = {
  uptimeMs: 1000,
  vms: [{ vm: "web.1", state: "running", requests: 120, refused: 7, drops: 3, p99Us: 10.24 }],
  vcpus: [
    {
      vm: "web.1",
      vcpu: 0,
      pcpus: [2],
      state: "claims",
      asked: "min",
      askedKhz: 1_200_000,
      grantedKhz: 2_300_000,
      actualKhz: 2_298_000,
      bound: "db:0",
      requests: 120,
    },
    { vm: "web.1", vcpu: 1, pcpus: [0, 1, 2, 3, 4, 5], state: "not-pinned", requests: 0 },
  ],
};

/** A metered day, in which one VM's CPUs could not be compared. */
export const ENERGY: Energy = {
  fromMs: Date.UTC(2026, 0, 30, 23),
  toMs: Date.UTC(2026, 0, 31, 23),
  meters: ["package-0", "package-1"],
  problem: "package-2: it stands still",
  joules: 8_640_000,
  meteredJoules: 8_640_000,
  watts: 100,
  idleJoules: 3_456_000,
  hostJoules: 864_000,
  vms: [
    {
      vm: "web.1",
      joules: 4_320_000,
      watts: 50,
      savedBaseline: { joules: 864_000, low: 432_000, high: 1_296_000 },
      savedMax: { joules: -500, low: -900, high: -100 },
    },
    { vm: "db", joules: 0.5, watts: 0.0000058 },
  ],
  savedBaseline: { joules: 864_000, low: 600_000, high: 1_128_000 },
  savedMax: { joules: 864_000, low: 600_000, high: 1_128_000 },
  model: {
    fitted: true,
    staticWatts: 40.04,
    wattsPerGhz: 1.234,
    wattsPerGhz3: 0.4567,
    turboWatts: -0.5,
    residualWatts: 2.345,
    explained: 0.973,
  },
};

/** vCPUs in each state. */
const VCPUS: readonly VcpuInfo[] = [
  { vcpu: 0, state: "running", cpuTimeMs: 12_345, pcpu: 2, pcpus: [2] },
  { vcpu: 1, state: "blocked", cpuTimeMs: 40, pcpu: 5, pcpus: [4, 5, 6] },
  { vcpu: 2, state: "offline", cpuTimeMs: 0, pcpus: [] },
];

/** Packets of a guest: min, then max for vCPU 0. */
const PACKETS: readonly Packet[] = [4, 3].map((unit, at) => {
  const bytes = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, unit, 0, 0, 0, 1]);
  return { atMs: 1000 + at * 500, vm: "web.1", channel: 0, bytes: bytes.toString("base64"), length: 464 };
});

/** A daemon with fixed answers, one VM and two CPUs. */
/** A hold that ends, and one that does not. */
const ASKERS: readonly Asker[] = [
  {
    name: "app/redis/1000",
    app: "redis",
    granted: 3,
    refused: 1,
    wants: [{ cpu: 2, khz: 2_301_000, asked: "max", grantedKhz: 2_300_000, endsInMs: 90_000 }],
  },
  { name: "app/redis/1001", app: "redis", granted: 0, refused: 0, wants: [] },
  { name: "app/web/33", app: "web", granted: 9, refused: 900, quarantinedForMs: 8000, wants: [] },
];

export const HOLDS: readonly Hold[] = [
  {
    pcpus: [2, 3],
    khz: 2_300_000,
    asked: "max",
    who: "root (uid 0, pid 7)",
    atMs: 0,
    untilMs: 8e12,
    reason: "x\u001b",
  },
  { pcpus: [9], khz: 1_200_000, asked: "min", who: "alice", atMs: 0 },
];

const STATES: StateList = {
  states: [{ name: "eco", settings: ["MaxKhz=60%", "Turbo=no"], vms: [WEB1.name] }],
  orders: [
    { vms: "web*", state: "eco", who: "root (uid 0, pid 7)", atMs: 1_700_000_000_000, reason: "night" },
    { vms: "db", who: "root (uid 0, pid 7)", atMs: 1_700_000_000_000 },
  ],
};

/** One key of each origin. */
export const CONTRACT: readonly ContractKey[] = [
  { key: "Class", value: "gold", origin: "metadata" },
  { key: "MinKhz", origin: "builtIn" },
  {
    ...{ key: "MaxKhz", value: "1.8GHz", origin: "operator", who: "alice (uid 1000, pid 7)", atMs: 0 },
    ...{ untilMs: 8e12, reason: "noisy\u001b" },
  },
  { key: "Turbo", value: "no", origin: "section", section: "vm web-*", file: "/etc/vm-power.conf", line: 3 },
];

const SETTINGS: readonly ConfigSetting[] = [
  { section: "daemon", key: "LogLevel", value: "debug", file: "/etc/vm-power.conf", line: 2 },
  { section: "hypervisor", key: "Socket" },
  { section: "hypervisor", key: "Uri", value: "qemu:///system" },
  { section: "vm a;b", key: "Turbo", value: "no;", file: "/etc/x.conf", line: 1 },
];

export function sampleControl(overrides: Partial<Control> = {}): Control & { subscribers: Set<Subscriber> } {
  const subscribers = new Set<Subscriber>();
  const known = <T>(vm: string, answer: T) =>
    vm === WEB1.name ? answer : new ControlError("NoSuchVm", { vm });
  const numbers = ({ vm, channels = [0, 1] }: { vm: string; channels?: readonly number[] | undefined }) => {
    const channel = channels.find((number) => number > 1);
    if (channel !== undefined) return new ControlError("NoSuchChannel", { vm, channel });
    return known(vm, { channels });
  };
  const cpusOf = <T>(cpus: readonly number[], answer: (cpu: Cpu) => T) => {
    const missing = cpus.find((pcpu) => !CPUS.some((cpu) => cpu.pcpu === pcpu));
    if (missing !== undefined) throw new ControlError("NoSuchCpu", { cpu: missing });
    return CPUS.filter(({ pcpu }) => cpus.includes(pcpu)).map(answer);
  };
  const result = ({ pcpu, managed }: Cpu) =>
    managed
      ? { pcpu, ok: true, setting: "2300000", khz: 2_300_000 }
      : { pcpu, ok: false, reason: "not managed: no cpufreq directory", setting: "baseline" };
  return {
    subscribers,
    GetStatus: () => STATUS,
    ListVms: () => ({
      vms: [
        { name: "web.1", state: "running", added: true, vcpus: 2, channels: 2, connected: 1, claims: 1 },
        { name: "db", state: "absent", added: true, vcpus: 0, channels: 0, connected: 0, claims: 0 },
      ],
    }),
    ShowVm: ({ vm }) => known(vm, { vm: WEB1 }),
    ListChannels: () => ({ channels: CHANNELS }),
    AddVm: ({ vm }) => (vm === "absent" ? { warning: "no VM of that name runs now" } : {}),
    RemoveVm: ({ vm }) => known(vm, {}),
    ForgetVm: ({ vm }) => known(vm, {}),
    AddChannels: numbers,
    RemoveChannels: numbers,
    SetChannelStatus: numbers,
    ReleaseChannels: numbers,
    ListCpus: ({ cpus = [2, 3] }) => ({ cpus: cpusOf(cpus, (cpu) => cpu) }),
    ListHolds: () => ({ holds: HOLDS }),
    ListAskers: () => ({ askers: ASKERS }),
    EndAsker: ({ asker }) =>
      ASKERS.some(({ name }) => name === asker) ? {} : new ControlError("Refused", { reason: "no" }),
    SetCpuFreq: async ({ cpus }) => ({ results: cpusOf(cpus, result) }),
    SetQuery: ({ vm }) => known(vm, {}),
    GetContract: ({ vm }) => ({
      vm,
      known: vm === WEB1.name,
      keys: CONTRACT,
      problems: ['There is no class "x"'],
    }),
    SetContract: ({ vm }) => (vm === "absent" ? { warning: "no VM of that name runs now" } : {}),
    UnsetContract: ({ vm, keys = ["MaxKhz", "Turbo"] }) => known(vm, { keys }),
    GetConfig: () => ({ settings: SETTINGS }),
    GetStates: () => STATES,
    SetState: ({ vms = "*" }) => ({ vms: vms === "*" ? [WEB1.name, "db"] : [WEB1.name] }),
    ListPolicies: ({ vm }) => ({ policies: vm === "db" ? [] : POLICIES }),
    AddPolicy: ({ vm }) => known(vm, { policy: POLICIES[1] as Policy }),
    RemovePolicy: ({ vm, id }) => known(vm, { removed: id === undefined ? [3, 1] : [id] }),
    Explain: ({ cpu }) => ({ ...EXPLANATION, cpu: cpusOf([cpu], (each) => each)[0] as Cpu }),
    ListVcpus: ({ vm }) => known(vm, { vcpus: VCPUS }),
    PinVcpu: async ({ vm }) => known(vm, {}),
    SetVcpus: async ({ vm }) => known(vm, {}),
    GetChannelConfig: ({ vm }) =>
      known(vm, { defined: true, present: [0], missing: [1], text: "<channel>\n</channel>" }),
    AddChannelConfig: async ({ vm }) => known(vm, {}),
    GetAttachPlan: ({ vm }) => known(vm, { present: [0], missing: [1], text: "<channel>" }),
    AttachChannels: async ({ vm }) => known(vm, { present: [0], attached: [1] }),
    ExplainVcpu: ({ vm, vcpu }) =>
      vcpu < 2 ? known(vm, vcpuExplanation(vcpu)) : new ControlError("NoSuchVcpu", { vm, vcpu }),
    Verify: () => ({ cpus: CHECKS }),
    Restore: ({ cpus = [2, 3] }) => ({ results: cpusOf(cpus, result) }),
    GetMetrics: ({ format }) => ({ text: format === "prometheus" ? "a 1\n" : "a 1\n# EOF\n" }),
    GetEnergy: ({ vm }) =>
      vm === undefined ? ENERGY : known(vm, { ...ENERGY, vms: ENERGY.vms.slice(0, 1) }),
    GetHistory: () => HISTORY,
    GetUsage: () => USAGE,
    GetLoad: ({ vms = ["web.1"] }) => ({ ...LOAD, vms: LOAD.vms.filter(({ vm }) => vms.includes(vm)) }),
    Record(_parameters, _caller, subscriber) {
      for (const packet of PACKETS) subscriber.send(packet);
      return () => {};
    },
    HoldCpus({ cpus }, _caller, subscriber) {
      subscriber.send(cpusOf(cpus, result));
      return () => {};
    },
    Subscribe(_parameters, _caller, subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    ...overrides,
  };
}
