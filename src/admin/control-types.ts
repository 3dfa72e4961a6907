// Made by "make types" from io.vmpower.Control.varlink, which says what each member means. Change that file, not this one.

/** The state of a VM in the hypervisor. A VM that is absent is known from an operator's decision or a socket only. */
export type VmState = "running" | "paused" | "absent";

/** The daemon's connection to the hypervisor. */
export interface Hypervisor {
  readonly driver: "libvirt" | "xen" | "qemu" | "static";
  readonly uri: string;
  readonly state: "connected" | "connecting" | "unreachable";
  readonly problem?: string | undefined;
  readonly note?: string | undefined;
  readonly domains: number;
}

/** Counters since the start of the daemon, of one channel or of all. */
export interface Counters {
  readonly requests: number;
  readonly granted: number;
  readonly refused: number;
  readonly malformed: number;
  readonly framingErrors: number;
  readonly repliesDropped: number;
  readonly writes: number;
  readonly writesRefused: number;
}

/** One channel socket that was found, served or not. */
export interface Channel {
  readonly vm: string;
  readonly number: number;
  readonly path: string;
  readonly status: "connected" | "connecting" | "disabled" | "refused";
  readonly reason?: string | undefined;
  readonly remedy?: string | undefined;
  readonly abi?: number | undefined;
  readonly peerPid?: number | undefined;
  readonly quarantinedForMs?: number | undefined;
  readonly counters: Counters;
}

/** What a VM's guest is allowed to ask for. */
export interface Contract {
  readonly minKhz?: number | undefined;
  readonly maxKhz?: number | undefined;
  readonly minPercent?: number | undefined;
  readonly maxPercent?: number | undefined;
  readonly emulatorMinKhz?: number | undefined;
  readonly emulatorMinPercent?: number | undefined;
  readonly turbo: boolean;
  readonly query: boolean;
  readonly energy?: boolean | undefined;
  readonly physicalCores: boolean;
  readonly class?: string | undefined;
  readonly operations?: readonly string[] | undefined;
  readonly policies?: readonly string[] | undefined;
  readonly requestsPerSecond?: number | undefined;
  readonly burst?: number | undefined;
  readonly minDwellMs?: number | undefined;
  readonly leaseSec?: number | undefined;
  readonly epp?: string | undefined;
  readonly resumeLatencyUs?: number | undefined;
  readonly governors?: readonly string[] | undefined;
  readonly uncoreMinKhz?: number | undefined;
  readonly uncoreMaxKhz?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

/** The speed that one vCPU wants now. */
export interface Claim {
  readonly khz: number;
  readonly turbo: boolean;
  readonly asked: string;
  readonly atMs: number;
  readonly dueKhz?: number | undefined;
  readonly dueInMs?: number | undefined;
  readonly endsInMs?: number | undefined;
}

/** A request that was refused. */
export interface RefusedRequest {
  readonly asked: string;
  readonly atMs: number;
  readonly reason: string;
  readonly remedy?: string | undefined;
}

/** A vCPU: where it runs, and what it wants. */
export interface Vcpu {
  readonly vcpu: number;
  readonly pcpus: readonly number[];
  readonly problem?: string | undefined;
  readonly claim?: Claim | undefined;
  readonly refused?: RefusedRequest | undefined;
}

/** A rule by which the daemon sets the speed of some vCPUs without further requests. */
export interface Policy {
  readonly id: number;
  readonly vm: string;
  readonly by?: string | undefined;
  readonly atMs: number;
  readonly kind: "time" | "workload" | "traffic";
  readonly vcpus: readonly number[];
  readonly physical: boolean;
  readonly wants?: "max" | "medium" | "min" | undefined;
  readonly allowed: boolean;
  readonly busyHours?: readonly number[] | undefined;
  readonly quietHours?: readonly number[] | undefined;
  readonly trafficHours?: readonly number[] | undefined;
  readonly macs?: readonly string[] | undefined;
  readonly avgPackets?: number | undefined;
  readonly maxPackets?: number | undefined;
  readonly packetsPerSecond?: number | undefined;
}

/** A VM in full. */
export interface Vm {
  readonly name: string;
  readonly state: VmState;
  readonly detail: string;
  readonly added: boolean;
  readonly contract: Contract;
  readonly vcpus: readonly Vcpu[];
  readonly channels: readonly Channel[];
  readonly threads?: readonly PinnedThread[] | undefined;
  readonly policies?: readonly Policy[] | undefined;
  readonly times?: Times | undefined;
}

/** A thread of a VM, and the CPUs that it may run on. */
export interface PinnedThread {
  readonly name: string;
  readonly pcpus: readonly number[];
}

/** A VM in one line. */
export interface VmSummary {
  readonly name: string;
  readonly state: VmState;
  readonly added: boolean;
  readonly vcpus: number;
  readonly channels: number;
  readonly connected: number;
  readonly claims: number;
}

/** The last decision about a CPU: who asked for what, what was granted, and which rule limited it. */
export interface Decision {
  readonly atMs: number;
  readonly by: string;
  readonly vcpu?: number | undefined;
  readonly asked: string;
  readonly granted: string;
  readonly khz?: number | undefined;
  readonly accepted?: boolean | undefined;
  readonly rule: string;
}

/** A CPU of the host. */
export interface Cpu {
  readonly pcpu: number;
  readonly managed: boolean;
  readonly reason?: string | undefined;
  readonly driver?: string | undefined;
  readonly socket?: number | undefined;
  readonly clock: readonly number[];
  readonly governor?: string | undefined;
  readonly minKhz?: number | undefined;
  readonly maxKhz?: number | undefined;
  readonly currentKhz?: number | undefined;
  readonly setting?: string | undefined;
  readonly requestedKhz?: number | undefined;
  readonly peerKhz?: number | undefined;
  readonly tableKhz: readonly number[];
  readonly turbo: boolean;
  readonly held: boolean;
  readonly parked?: string | undefined;
  readonly knobs?: readonly string[] | undefined;
  readonly knobsMissing?: readonly string[] | undefined;
  readonly vcpus: readonly string[];
}

/** One of those that share a clock, and what it wants. */
export interface Claimant {
  readonly by: string;
  readonly vcpu?: number | undefined;
  readonly wants: string;
  readonly khz?: number | undefined;
}

/** A change that another program made to a file of a clock, and what the daemon did about it. */
export interface Drift {
  readonly atMs: number;
  readonly file: string;
  readonly ours: string;
  readonly found: string;
  readonly outcome: "reasserted" | "yielded" | "failed";
}

/** Why a clock runs at its speed. */
export interface ClockExplanation {
  readonly cpu: Cpu;
  readonly rule: string;
  readonly claimants: readonly Claimant[];
  readonly last?: Decision | undefined;
  readonly drift?: Drift | undefined;
}

/** A file with another content than it should have. */
export interface WrongFile {
  readonly file: string;
  readonly should: string;
  readonly does: string;
}

/** What should be set on a CPU, and whether it is. */
export interface CpuCheck {
  readonly pcpu: number;
  readonly ok: boolean;
  readonly should: string;
  readonly khz?: number | undefined;
  readonly currentKhz?: number | undefined;
  readonly wrong: readonly WrongFile[];
  readonly reason?: string | undefined;
  readonly remedy?: string | undefined;
}

/** The result of an order for one CPU. */
export interface CpuResult {
  readonly pcpu: number;
  readonly ok: boolean;
  readonly reason?: string | undefined;
  readonly setting: string;
  readonly khz?: number | undefined;
  readonly askedKhz?: number | undefined;
  readonly endedHold?: boolean | undefined;
  readonly notRemembered?: string | undefined;
}

/** An order of an operator that guests cannot change. */
export interface Hold {
  readonly pcpus: readonly number[];
  readonly khz: number;
  readonly asked: string;
  readonly who: string;
  readonly atMs: number;
  readonly untilMs?: number | undefined;
  readonly reason?: string | undefined;
}

/** An application of the host, as one user or one of its FIFOs asks for it. */
export interface Asker {
  readonly name: string;
  readonly app: string;
  readonly granted: number;
  readonly refused: number;
  readonly quarantinedForMs?: number | undefined;
  readonly wants: readonly AskerWant[];
}

/** A speed that an application wants of one CPU. */
export interface AskerWant {
  readonly cpu: number;
  readonly khz: number;
  readonly asked: string;
  readonly grantedKhz?: number | undefined;
  readonly endsInMs?: number | undefined;
}

/** A FIFO through which an application asks for a CPU. */
export interface Fifo {
  readonly cpu: number;
  readonly path: string;
  readonly reason?: string | undefined;
  readonly remedy?: string | undefined;
}

/** The load that one VM makes. Counters start with its first packet. */
export interface VmLoad {
  readonly vm: string;
  readonly state: VmState;
  readonly requests: number;
  readonly refused: number;
  readonly drops: number;
  readonly p99Us?: number | undefined;
  readonly stages?: Stages | undefined;
}

/**
 * Parts of the time of a request, in microseconds. readBackUs: from the kernel's answer until its files were read again, after
 * the reply; absent where nothing was read again.
 */
export interface Stages {
  readonly decideUs: number;
  readonly writeUs: number;
  readonly replyUs: number;
  readonly readBackUs?: number | undefined;
}

/** The time at one speed. Without khz, that with the original settings. */
export interface StateTime {
  readonly khz?: number | undefined;
  readonly seconds: number;
}

/** What a clock did since a time, or the clocks of a VM's vCPUs while they were pinned there. */
export interface Times {
  readonly sinceMs: number;
  readonly states: readonly StateTime[];
  readonly transitions: number;
  readonly bounded: number;
  readonly held: number;
}

/** What one vCPU asked for, and what it has. */
export interface VcpuLoad {
  readonly vm: string;
  readonly vcpu: number;
  readonly pcpus: readonly number[];
  readonly state: string;
  readonly asked?: string | undefined;
  readonly askedKhz?: number | undefined;
  readonly grantedKhz?: number | undefined;
  readonly actualKhz?: number | undefined;
  readonly bound?: string | undefined;
  readonly requests: number;
}

/** A packet of a guest. */
export interface Packet {
  readonly atMs: number;
  readonly vm: string;
  readonly channel: number;
  readonly bytes: string;
  readonly length: number;
}

/** The output of "vmpowerctl request --json". No method returns it: it comes from io.vmpower.Request. */
export interface RequestReport {
  readonly results?: readonly RequestResult[] | undefined;
  readonly leaseSec?: number | undefined;
}

/** What an application got of one CPU. because: the rule that limits it, or why it was refused. */
export interface RequestResult {
  readonly cpu: number;
  readonly accepted: boolean;
  readonly khz?: number | undefined;
  readonly because?: string | undefined;
}

/** The output of "vmpowerctl record --json". full: the file has reached its limit. */
export interface RecordReport {
  readonly file: string;
  readonly packets: number;
  readonly lost: number;
  readonly full: boolean;
}

/** Why the daemon ends, and how it leaves the CPUs. */
export interface Exiting {
  readonly reason: "stop" | "restart" | "fault";
  readonly detail: string;
  readonly onExit: "restore" | "keep" | "max";
  readonly cpus: readonly number[];
  readonly failed: readonly string[];
}

/** One key of a VM's contract, and where its value comes from. */
export interface ContractKey {
  readonly key: string;
  readonly value?: string | undefined;
  readonly origin: "operator" | "state" | "section" | "metadata" | "builtIn";
  readonly section?: string | undefined;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly who?: string | undefined;
  readonly atMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly reason?: string | undefined;
}

/** A state of the configuration: its contract keys, "MaxKhz=60%", and the VMs that are in it. */
export interface State {
  readonly name: string;
  readonly settings: readonly string[];
  readonly vms: readonly string[];
}

/** An order that puts VMs into a state, or without one out of any. */
export interface StateOrder {
  readonly vms: string;
  readonly state?: string | undefined;
  readonly who: string;
  readonly atMs: number;
  readonly reason?: string | undefined;
}

/** A schedule of the configuration: the speed that VMs want at certain hours while nobody asks for another. */
export interface Schedule {
  readonly name: string;
  readonly days: string;
  readonly hours: string;
  readonly want: string;
  readonly timeZone?: string | undefined;
  readonly inForce: boolean;
  readonly changesAtMs?: number | undefined;
  readonly file: string;
  readonly line: number;
}

/** A setting that is in force. One without a file is built in. */
export interface ConfigSetting {
  readonly section: string;
  readonly key: string;
  readonly value?: string | undefined;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** An event. */
export interface Event {
  readonly atMs: number;
  readonly kind:
    | "request"
    | "policy"
    | "schedule"
    | "vm"
    | "channel"
    | "drift"
    | "cpu"
    | "config"
    | "operator"
    | "daemon"
    | "speed"
    | "exiting";
  readonly message: string;
  readonly vm?: string | undefined;
  readonly channel?: number | undefined;
  readonly vcpu?: number | undefined;
  readonly pcpu?: number | undefined;
  readonly asked?: string | undefined;
  readonly khz?: number | undefined;
  readonly accepted?: boolean | undefined;
  readonly outcome?: "granted" | "bounded" | "refused" | undefined;
  readonly of?: number | undefined;
  readonly users?: readonly string[] | undefined;
  readonly exiting?: Exiting | undefined;
}

/** A vCPU as the hypervisor reports it. */
export interface VcpuInfo {
  readonly vcpu: number;
  readonly state: "offline" | "running" | "blocked";
  readonly cpuTimeMs: number;
  readonly pcpu?: number | undefined;
  readonly pcpus: readonly number[];
}

/** The result of one check of "vmpowerctl doctor --json". No method returns it, because doctor needs no daemon. */
export interface Finding {
  readonly check: string;
  readonly verdict: "good" | "advice" | "repair" | "unknown";
  readonly what: string;
  readonly remedy?: string | undefined;
}

/** The output of "vmpowerctl doctor --json". */
export interface DoctorReport {
  readonly schemaVersion: number;
  readonly findings: readonly Finding[];
}

/** What was saved, in joules: the best estimate, and the ends of the interval that contains the truth in 95 of 100 cases. */
export interface Saved {
  readonly joules: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The energy of one VM. What it saved is what the same work would have used more with the original settings of its CPUs
 * (baseline), and at their highest speed (max); less than 0 where it would have used less. Absent where it is not known.
 */
export interface VmEnergy {
  readonly vm: string;
  readonly joules: number;
  readonly watts: number;
  readonly coreJoules?: number | undefined;
  readonly savedBaseline?: Saved | undefined;
  readonly savedMax?: Saved | undefined;
}

/**
 * What the host draws without work, and what each busy CPU adds: at f GHz, wattsPerGhz f + wattsPerGhz3 f^3, and turboWatts at
 * turbo.
 */
export interface PowerModel {
  readonly fitted: boolean;
  readonly staticWatts: number;
  readonly wattsPerGhz: number;
  readonly wattsPerGhz3: number;
  readonly turboWatts: number;
  readonly residualWatts?: number | undefined;
  readonly explained?: number | undefined;
}

/** The energy of a host in one of the spans of time in which it is accounted. */
export interface EnergyPoint {
  readonly fromMs: number;
  readonly toMs: number;
  readonly joules: number;
  readonly idleJoules: number;
  readonly hostJoules: number;
  readonly vmJoules: number;
}

/** What all clocks of the host did. States are summed over its CPUs. */
export interface HostUsage {
  readonly states: readonly StateTime[];
  readonly transitions: number;
  readonly drifts: number;
  readonly writesRefused: number;
}

/**
 * What happened in a part of the time. Requests are those of all VMs, or of the VM that was named; in that case states and
 * transitions are its own too.
 */
export interface UsagePoint {
  readonly fromMs: number;
  readonly toMs: number;
  readonly granted: number;
  readonly bounded: number;
  readonly held: number;
  readonly refused: number;
  readonly transitions: number;
  readonly states: readonly StateTime[];
  readonly drifts: number;
  readonly writesRefused: number;
  readonly p99Us?: number | undefined;
  readonly worstUs?: number | undefined;
}

/** What one VM did. worstAtMs: when the ten minutes of its slowest packet ended. */
export interface VmUsage {
  readonly vm: string;
  readonly granted: number;
  readonly bounded: number;
  readonly held: number;
  readonly refused: number;
  readonly transitions: number;
  readonly states: readonly StateTime[];
  readonly p99Us?: number | undefined;
  readonly worstUs?: number | undefined;
  readonly worstAtMs?: number | undefined;
}

/** What `GetStatus` answers. */
export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly hypervisor: Hypervisor;
  readonly channelDirectory: string;
  readonly directoryProblem?: string | undefined;
  readonly configProblem?: string | undefined;
  readonly attachProblem?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly cpuRoot?: string | undefined;
  readonly vms: number;
  readonly channels: number;
  readonly channelsConnected: number;
  readonly channelsRefused: number;
  readonly channelsQuarantined?: number | undefined;
  readonly cpusManaged: number;
  readonly cpusUnmanaged: number;
  readonly cpusReserved?: number | undefined;
  readonly cpusParked?: number | undefined;
  readonly claims: number;
  readonly holds?: number | undefined;
  readonly counters: Counters;
}

/** What `AddChannels` takes. */
export interface ChannelChoice {
  readonly vm: string;
  readonly channels?: readonly number[] | undefined;
}

/** What `AddChannels` answers. */
export interface ChannelNumbers {
  readonly channels: readonly number[];
}

/** What `SetChannelStatus` takes. */
export interface ChannelStatusOrder {
  readonly vm: string;
  readonly channels?: readonly number[] | undefined;
  readonly enabled: boolean;
}

/** What `ListCpus` takes. */
export interface CpuChoice {
  readonly cpus?: readonly number[] | undefined;
}

/** What `SetCpuFreq` takes. */
export interface FrequencyOrder {
  readonly cpus: readonly number[];
  readonly to: "up" | "down" | "min" | "max" | "turbo" | "noTurbo" | "khz" | "release";
  readonly khz?: number | undefined;
  readonly hold: boolean;
  readonly forSeconds?: number | undefined;
  readonly reason?: string | undefined;
}

/** What `HoldCpus` takes. */
export interface HoldOrder {
  readonly cpus: readonly number[];
  readonly to: "up" | "down" | "min" | "max" | "turbo" | "noTurbo" | "khz";
  readonly khz?: number | undefined;
  readonly reason?: string | undefined;
}

/** What `GetContract` answers. */
export interface ContractView {
  readonly vm: string;
  readonly known: boolean;
  readonly keys: readonly ContractKey[];
  readonly problems: readonly string[];
  readonly schedules?: readonly Schedule[] | undefined;
}

/** What `SetContract` takes. */
export interface ContractOrder {
  readonly vm: string;
  readonly settings: readonly string[];
  readonly forSeconds?: number | undefined;
  readonly reason?: string | undefined;
}

/** What `GetStates` answers. */
export interface StateList {
  readonly states: readonly State[];
  readonly orders: readonly StateOrder[];
}

/** What `SetState` takes. */
export interface StateChange {
  readonly state?: string | undefined;
  readonly vms?: string | undefined;
  readonly reason?: string | undefined;
}

/** What `AddPolicy` takes. */
export interface AddedPolicy {
  readonly vm: string;
  readonly vcpuNumbers: readonly number[];
  readonly kind: "time" | "workload" | "traffic";
  readonly busyHours?: readonly number[] | undefined;
  readonly quietHours?: readonly number[] | undefined;
  readonly trafficHours?: readonly number[] | undefined;
  readonly workload?: "high" | "medium" | "low" | undefined;
  readonly macs?: readonly string[] | undefined;
  readonly avgPackets?: number | undefined;
  readonly maxPackets?: number | undefined;
}

/** What `Explain` answers. */
export interface Explanation {
  readonly cpu: Cpu;
  readonly claimants: readonly Claimant[];
  readonly last?: Decision | undefined;
  readonly drift?: Drift | undefined;
  readonly usedBy?: readonly string[] | undefined;
  readonly times?: Times | undefined;
}

/** What `ExplainVcpu` answers. */
export interface VcpuExplanation {
  readonly vm: string;
  readonly state: VmState;
  readonly detail: string;
  readonly added: boolean;
  readonly contract: Contract;
  readonly vcpu: Vcpu;
  readonly clocks: readonly ClockExplanation[];
}

/** What `PinVcpu` takes. */
export interface PinOrder {
  readonly vm: string;
  readonly vcpu: number;
  readonly pcpus: readonly number[];
  readonly live: boolean;
  readonly config: boolean;
}

/** What `SetVcpus` takes. */
export interface VcpuCountOrder {
  readonly vm: string;
  readonly count: number;
  readonly live: boolean;
  readonly config: boolean;
}

/** What `GetChannelConfig` takes. */
export interface ChannelConfigRequest {
  readonly vm: string;
  readonly vcpus?: number | undefined;
  readonly format: "libvirt" | "qemu" | "proxmox" | "xl";
  readonly pathless?: boolean | undefined;
}

/** What `GetChannelConfig` answers. */
export interface ChannelConfig {
  readonly defined: boolean;
  readonly present: readonly number[];
  readonly missing: readonly number[];
  readonly text: string;
}

/** What `AddChannelConfig` takes. */
export interface ChannelConfigOrder {
  readonly vm: string;
  readonly vcpus?: number | undefined;
  readonly text: string;
  readonly pathless?: boolean | undefined;
}

/** What `GetAttachPlan` takes. */
export interface AttachChoice {
  readonly vm: string;
  readonly channels?: readonly number[] | undefined;
  readonly config: boolean;
}

/** What `GetAttachPlan` answers. */
export interface AttachPlan {
  readonly present: readonly number[];
  readonly missing: readonly number[];
  readonly text: string;
}

/** What `AttachChannels` takes. */
export interface AttachChoice {
  readonly vm: string;
  readonly channels?: readonly number[] | undefined;
  readonly config: boolean;
}

/** What `GetHistory` takes. */
export interface HistoryChoice {
  readonly vm?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly kinds?: readonly string[] | undefined;
}

/** What `GetHistory` answers. */
export interface History {
  readonly events: readonly Event[];
  readonly omitted: number;
  readonly keptFromMs?: number | undefined;
}

/** What `GetUsage` takes. */
export interface UsageChoice {
  readonly vm?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** What `GetUsage` answers. */
export interface Usage {
  readonly fromMs: number;
  readonly toMs: number;
  readonly omitted: number;
  readonly keptFromMs?: number | undefined;
  readonly host: HostUsage;
  readonly points: readonly UsagePoint[];
  readonly vms: readonly VmUsage[];
}

/** What `GetEnergy` takes. */
export interface EnergyChoice {
  readonly vm?: string | undefined;
  readonly seconds?: number | undefined;
  readonly toMs?: number | undefined;
  readonly points?: boolean | undefined;
}

/** What `GetEnergy` answers. */
export interface Energy {
  readonly fromMs: number;
  readonly toMs: number;
  readonly meters: readonly string[];
  readonly problem?: string | undefined;
  readonly joules: number;
  readonly meteredJoules: number;
  readonly watts: number;
  readonly idleJoules: number;
  readonly hostJoules: number;
  readonly vms: readonly VmEnergy[];
  readonly savedBaseline?: Saved | undefined;
  readonly savedMax?: Saved | undefined;
  readonly savedUnknown?: string | undefined;
  readonly model: PowerModel;
  readonly points?: readonly EnergyPoint[] | undefined;
}

/** What `GetLoad` takes. */
export interface VmChoice {
  readonly vms?: readonly string[] | undefined;
}

/** What `GetLoad` answers. */
export interface Load {
  readonly uptimeMs: number;
  readonly vms: readonly VmLoad[];
  readonly vcpus: readonly VcpuLoad[];
}

/** No members. */
export type Nothing = Readonly<Record<never, never>>;

/** What each method that answers once takes and answers. */
export interface Calls {
  GetStatus: { takes: Nothing; answers: Status };
  ListVms: { takes: Nothing; answers: { readonly vms: readonly VmSummary[] } };
  ShowVm: { takes: { readonly vm: string }; answers: { readonly vm: Vm } };
  ListChannels: { takes: Nothing; answers: { readonly channels: readonly Channel[] } };
  AddVm: { takes: { readonly vm: string }; answers: { readonly warning?: string | undefined } };
  RemoveVm: { takes: { readonly vm: string }; answers: Nothing };
  ForgetVm: { takes: { readonly vm: string }; answers: Nothing };
  AddChannels: { takes: ChannelChoice; answers: ChannelNumbers };
  RemoveChannels: { takes: ChannelChoice; answers: ChannelNumbers };
  SetChannelStatus: { takes: ChannelStatusOrder; answers: ChannelNumbers };
  ReleaseChannels: { takes: ChannelChoice; answers: ChannelNumbers };
  ListCpus: { takes: CpuChoice; answers: { readonly cpus: readonly Cpu[] } };
  SetCpuFreq: { takes: FrequencyOrder; answers: { readonly results: readonly CpuResult[] } };
  ListHolds: { takes: Nothing; answers: { readonly holds: readonly Hold[] } };
  ListAskers: {
    takes: Nothing;
    answers: { readonly askers: readonly Asker[]; readonly fifos?: readonly Fifo[] | undefined };
  };
  EndAsker: { takes: { readonly asker: string }; answers: Nothing };
  SetQuery: { takes: { readonly vm: string; readonly enabled: boolean }; answers: Nothing };
  GetContract: { takes: { readonly vm: string }; answers: ContractView };
  SetContract: { takes: ContractOrder; answers: { readonly warning?: string | undefined } };
  UnsetContract: {
    takes: { readonly vm: string; readonly keys?: readonly string[] | undefined };
    answers: { readonly keys: readonly string[] };
  };
  GetConfig: { takes: Nothing; answers: { readonly settings: readonly ConfigSetting[] } };
  GetStates: { takes: Nothing; answers: StateList };
  SetState: { takes: StateChange; answers: { readonly vms: readonly string[] } };
  ListPolicies: {
    takes: { readonly vm?: string | undefined };
    answers: { readonly policies: readonly Policy[] };
  };
  AddPolicy: { takes: AddedPolicy; answers: { readonly policy: Policy } };
  RemovePolicy: {
    takes: { readonly vm: string; readonly id?: number | undefined };
    answers: { readonly removed: readonly number[] };
  };
  Explain: { takes: { readonly cpu: number }; answers: Explanation };
  ExplainVcpu: { takes: { readonly vm: string; readonly vcpu: number }; answers: VcpuExplanation };
  Verify: { takes: Nothing; answers: { readonly cpus: readonly CpuCheck[] } };
  ListVcpus: { takes: { readonly vm: string }; answers: { readonly vcpus: readonly VcpuInfo[] } };
  PinVcpu: { takes: PinOrder; answers: Nothing };
  SetVcpus: { takes: VcpuCountOrder; answers: Nothing };
  GetChannelConfig: { takes: ChannelConfigRequest; answers: ChannelConfig };
  AddChannelConfig: { takes: ChannelConfigOrder; answers: Nothing };
  GetAttachPlan: { takes: AttachChoice; answers: AttachPlan };
  AttachChannels: {
    takes: AttachChoice;
    answers: { readonly present: readonly number[]; readonly attached: readonly number[] };
  };
  Restore: { takes: CpuChoice; answers: { readonly results: readonly CpuResult[] } };
  GetHistory: { takes: HistoryChoice; answers: History };
  GetUsage: { takes: UsageChoice; answers: Usage };
  GetEnergy: { takes: EnergyChoice; answers: Energy };
  GetLoad: { takes: VmChoice; answers: Load };
  GetMetrics: {
    takes: { readonly format?: "openmetrics" | "prometheus" | undefined };
    answers: { readonly text: string };
  };
}

/** What each error tells. */
export interface Errors {
  NoSuchVm: { readonly vm: string };
  NoSuchCpu: { readonly cpu: number };
  NoSuchVcpu: { readonly vm: string; readonly vcpu: number };
  NoSuchChannel: { readonly vm: string; readonly channel: number };
  Refused: { readonly reason: string; readonly remedy?: string | undefined };
}
