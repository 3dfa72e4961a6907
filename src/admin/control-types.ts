import type { Khz, Pcpu, Vcpu } from "../base/domain.ts";

/** The daemon at a glance. */
export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly hypervisor: HypervisorStatus;
  readonly channelDirectory: string;
  readonly directoryProblem?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly vms: number;
  readonly channels: number;
  readonly channelsConnected: number;
  readonly channelsRefused: number;
  readonly cpusManaged: number;
  readonly cpusUnmanaged: number;
  readonly claims: number;
  readonly counters: Counters;
}

/** The daemon's connection to the hypervisor. */
export interface HypervisorStatus {
  readonly driver: "libvirt" | "static";
  readonly uri: string;
  readonly state: "connected" | "connecting" | "unreachable";
  readonly problem?: string | undefined;
  readonly domains: number;
}

/** What happened since the start, on one channel or in all. */
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
  readonly counters: Counters;
}

/** What a VM may ask. */
export interface Contract {
  readonly minKhz?: Khz | undefined;
  readonly maxKhz?: Khz | undefined;
  readonly turbo: boolean;
  readonly query: boolean;
  readonly physicalCores: boolean;
  readonly dryRun?: boolean | undefined;
}

/** What one vCPU wants now. */
export interface Claim {
  readonly khz: Khz;
  readonly turbo: boolean;
  readonly asked: string;
  readonly atMs: number;
}

/** A request that was refused. */
export interface RefusedRequest {
  readonly asked: string;
  readonly atMs: number;
  readonly reason: string;
  readonly remedy?: string | undefined;
}

/** A vCPU, where it runs and what it wants. */
export interface VcpuStatus {
  readonly vcpu: Vcpu;
  readonly pcpus: readonly Pcpu[];
  readonly problem?: string | undefined;
  readonly claim?: Claim | undefined;
  readonly refused?: RefusedRequest | undefined;
}

/** Whether a VM runs, as far as the hypervisor said; an absent one is remembered from an operator's command. */
export type VmState = "running" | "paused" | "absent";

/** A VM in full. */
export interface Vm {
  readonly name: string;
  readonly state: VmState;
  readonly detail: string;
  readonly added: boolean;
  readonly contract: Contract;
  readonly vcpus: readonly VcpuStatus[];
  readonly channels: readonly Channel[];
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

/** The last decision about a CPU. */
export interface Decision {
  readonly atMs: number;
  readonly by: string;
  readonly vcpu?: Vcpu | undefined;
  readonly asked: string;
  readonly granted: string;
  readonly khz?: Khz | undefined;
  readonly accepted?: boolean | undefined;
  readonly rule: string;
}

/** A CPU of the host. */
export interface Cpu {
  readonly pcpu: Pcpu;
  readonly managed: boolean;
  readonly reason?: string | undefined;
  readonly driver?: string | undefined;
  readonly clock: readonly Pcpu[];
  readonly governor?: string | undefined;
  readonly minKhz?: Khz | undefined;
  readonly maxKhz?: Khz | undefined;
  readonly currentKhz?: Khz | undefined;
  readonly setting?: string | undefined;
  readonly requestedKhz?: Khz | undefined;
  readonly tableKhz: readonly Khz[];
  readonly turbo: boolean;
  readonly held: boolean;
  readonly vcpus: readonly string[];
}

/** Who wants what on a clock. */
export interface Claimant {
  readonly by: string;
  readonly vcpu?: Vcpu | undefined;
  readonly wants: string;
  readonly khz?: Khz | undefined;
}

/** An operator's order to CPUs. */
export interface FrequencyOrder {
  readonly cpus: readonly Pcpu[];
  readonly to: "up" | "down" | "min" | "max" | "turbo" | "noTurbo" | "khz" | "release";
  /** With `khz` only. */
  readonly khz?: Khz;
  readonly hold: boolean;
}

/** What became of an order on one CPU. */
export interface CpuResult {
  readonly pcpu: Pcpu;
  readonly ok: boolean;
  readonly reason?: string | undefined;
  readonly setting: string;
  readonly khz?: Khz | undefined;
}

/** The daemon's end. */
export interface Exiting {
  readonly reason: "stop" | "restart" | "fault";
  readonly detail: string;
  readonly onExit: "restore" | "keep" | "max";
  readonly cpus: readonly Pcpu[];
  readonly failed: readonly string[];
}

/** Something that happened. */
export interface Event {
  readonly atMs: number;
  readonly kind:
    | "request"
    | "policy"
    | "vm"
    | "channel"
    | "drift"
    | "cpu"
    | "config"
    | "operator"
    | "daemon"
    | "exiting";
  readonly message: string;
  readonly vm?: string | undefined;
  readonly channel?: number | undefined;
  readonly vcpu?: Vcpu | undefined;
  readonly pcpu?: Pcpu | undefined;
  readonly asked?: string | undefined;
  readonly khz?: Khz | undefined;
  readonly accepted?: boolean | undefined;
  readonly outcome?: "granted" | "bounded" | "refused" | undefined;
  readonly of?: number | undefined;
  readonly exiting?: Exiting | undefined;
}
