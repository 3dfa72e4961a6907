import type { Pcpu, Vcpu } from "../base/domain.ts";
import { failure, type Result } from "../base/result.ts";
import type { ChannelPlace } from "./channel-config.ts";

/** Questions and orders of operators about one domain, which need not run. Never called while a packet is handled. */
export interface DomainOrders {
  vcpus(domain: string): Promise<Answered<readonly VcpuInfo[]>>;
  pinVcpu(domain: string, pin: Pin, affected: Affected): Promise<Answered<void>>;
  /** Adds or removes vCPUs. */
  setVcpus(domain: string, count: number, affected: Affected): Promise<Answered<void>>;
  /**
   * The devices that are missing in the domain's definition so that its first `count` vCPUs (undefined: all) have
   * channels.
   */
  planChannels(place: ChannelPlace, count: number | undefined): Promise<Answered<ChannelPlan>>;
  /** Adds the planned devices to the definition, unless the plan would be another one now. */
  addChannels(place: ChannelPlace, count: number | undefined, planned: string): Promise<Answered<void>>;
  /** What {@link AttachRequest} would add to a running domain. Another program than this one may add it. */
  planAttach(domain: string, request: AttachRequest): Promise<Answered<ChannelPlan>>;
}

/** Channels that a running domain should have. */
export interface AttachRequest {
  /** The vCPUs that get one; undefined: all. */
  readonly channels: readonly Vcpu[] | undefined;
  /** Whether its definition gets them too. */
  readonly config: boolean;
}

/** The channels that a domain or its definition has, and those that it lacks. */
export interface ChannelPlan {
  readonly present: readonly number[];
  readonly missing: readonly number[];
  /** The devices to add, in the hypervisor's format; empty if nothing is missing. */
  readonly devices: string;
}

/** What the hypervisor answered, or why it did not. */
export type Answered<T> = Result<T, Why>;

/** Why the hypervisor did not do it. */
type Why =
  | { readonly kind: "noDomain" }
  /** The hypervisor's own message, if it gave one. */
  | { readonly kind: "refused"; readonly reason: string; readonly remedy?: string };

/** Makes a refusal, with the remedy if there is one. */
export function refused(reason: string, remedy?: string): Answered<never> {
  return failure({ kind: "refused", reason, ...(remedy === undefined ? {} : { remedy }) });
}

/** A vCPU as the hypervisor reports it. */
export interface VcpuInfo {
  readonly vcpu: Vcpu;
  readonly state: "offline" | "running" | "blocked";
  readonly cpuTimeMs: number;
  /** The CPU it runs on, or ran on last. */
  readonly pcpu: Pcpu | undefined;
  /** The CPUs it may run on. */
  readonly pcpus: readonly Pcpu[];
}

/** An order to run a vCPU on these CPUs. */
export interface Pin {
  readonly vcpu: Vcpu;
  readonly pcpus: readonly Pcpu[];
}

/**
 * What to change: the running domain, its definition, or both. With neither: the running domain if it runs, else the
 * definition.
 */
export interface Affected {
  readonly live: boolean;
  readonly config: boolean;
}
