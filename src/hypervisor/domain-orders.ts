import type { Pcpu, Vcpu } from "../base/domain.ts";
import { failure, type Result } from "../base/result.ts";
import type { ChannelPlace } from "./channel-config.ts";

/** What operators ask and order of single domains, which need not run. Never asked on a packet's way. */
export interface DomainOrders {
  vcpus(domain: string): Promise<Answered<readonly VcpuInfo[]>>;
  pinVcpu(domain: string, pin: Pin, affected: Affected): Promise<Answered<void>>;
  /** Plugs vCPUs in or out. */
  setVcpus(domain: string, count: number, affected: Affected): Promise<Answered<void>>;
  /** What the domain's definition lacks so that its first vCPUs (all where `count` is undefined) have channels. */
  planChannels(place: ChannelPlace, count: number | undefined): Promise<Answered<ChannelPlan>>;
  /** Adds to the definition what was planned, unless another plan would be made now. */
  addChannels(place: ChannelPlace, count: number | undefined, planned: string): Promise<Answered<void>>;
}

/** Channels that a definition has and lacks. */
export interface ChannelPlan {
  readonly present: readonly number[];
  readonly missing: readonly number[];
  /** The devices that are to be added, in the hypervisor's words; empty where nothing is missing. */
  readonly devices: string;
}

/** What the hypervisor answered, or why it did not. */
export type Answered<T> = Result<T, Why>;

/** Why the hypervisor did not do it. */
type Why =
  | { readonly kind: "noDomain" }
  /** In the hypervisor's words, where it said some. */
  | { readonly kind: "refused"; readonly reason: string; readonly remedy?: string };

/** What was refused, and the remedy where there is one. */
export function refused(reason: string, remedy?: string): Answered<never> {
  return failure({ kind: "refused", reason, ...(remedy === undefined ? {} : { remedy }) });
}

/** A vCPU, as the hypervisor sees it. */
export interface VcpuInfo {
  readonly vcpu: Vcpu;
  readonly state: "offline" | "running" | "blocked";
  readonly cpuTimeMs: number;
  /** Where it runs now, or ran last. */
  readonly pcpu: Pcpu | undefined;
  /** Where it may run. */
  readonly pcpus: readonly Pcpu[];
}

/** Where a vCPU shall run. */
export interface Pin {
  readonly vcpu: Vcpu;
  readonly pcpus: readonly Pcpu[];
}

/** The domain that runs, its definition, or both; with neither the one if it runs, else the other. */
export interface Affected {
  readonly live: boolean;
  readonly config: boolean;
}
