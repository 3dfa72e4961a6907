import type { Pcpu, Vcpu } from "../base/domain.ts";

/** A vCPU, as the hypervisor sees it. */
export interface VcpuInfo {
  readonly vcpu: Vcpu;
  readonly state: "offline" | "running" | "blocked";
  readonly cpuTimeMs: number;
  readonly pcpu?: Pcpu | undefined;
  readonly pcpus: readonly Pcpu[];
}

/** What an order changes: the VM that runs, its definition, or both; with neither the one if it runs, else the other. */
export interface Affected {
  readonly live: boolean;
  readonly config: boolean;
}

/** An order to run a vCPU on these CPUs and no others. */
export interface PinOrder extends Affected {
  readonly vm: string;
  readonly vcpu: Vcpu;
  readonly pcpus: readonly Pcpu[];
}

/** An order to plug vCPUs in or out. */
export interface VcpuCountOrder extends Affected {
  readonly vm: string;
  readonly count: number;
}

/** Which channels are to be described, and for whom. */
export interface ChannelConfigRequest {
  readonly vm: string;
  readonly vcpus?: number;
  readonly format: "libvirt" | "qemu" | "xl";
}

/** Channels that a VM has and lacks, and the text that describes those it lacks. */
export interface ChannelConfig {
  /** Whether libvirt's definition of the VM was looked at. */
  readonly defined: boolean;
  readonly present: readonly number[];
  readonly missing: readonly number[];
  readonly text: string;
}

/** An order to add channels to a VM's definition. */
export interface ChannelConfigOrder {
  readonly vm: string;
  readonly vcpus?: number;
  /** What was shown. */
  readonly text: string;
}
