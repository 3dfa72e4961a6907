import type { Origin } from "./origin.ts";

/** A physical CPU of the host, by the kernel's number. */
export type Pcpu = number;

/** A virtual CPU of a domain, counted from 0. */
export type Vcpu = number;

/** The most vCPUs of one domain: the limit of QEMU's largest machine. */
export const VCPUS_MAX = 4096;

/** The most channels of one domain. QEMU's largest machine has more vCPUs, but no guest uses a channel for each. */
export const DOMAIN_CHANNELS_MAX = 1024;

/** A clock speed in kHz. */
export type Khz = number;

/** The highest speed that is accepted as input; a larger number is an error. */
export const KHZ_MAX = 100_000_000;

/** The drivers that can tell which VM runs on which CPUs. */
export const HYPERVISOR_DRIVERS = ["libvirt", "xen", "qemu", "static"] as const;

/** One of {@link HYPERVISOR_DRIVERS}. */
export type HypervisorDriver = (typeof HYPERVISOR_DRIVERS)[number];

/** A thread that a domain has beside its vCPUs. */
export interface DomainThread {
  /** `emulator`, `iothread 1`; `iothreads` for all of which each has no pins of its own. */
  readonly name: string;
  /** The pCPUs that it may run on, in ascending order. */
  readonly pcpus: readonly Pcpu[];
}

/** A domain as the hypervisor reports it: running or paused. */
export interface Domain {
  readonly name: string;
  /** Identifies the domain, whatever its name. Absent if the hypervisor has none. */
  readonly uuid?: string;
  /** Identifies one run of the domain; it changes with every start. Absent if the hypervisor has none. */
  readonly run?: string;
  /** A paused domain keeps its channels, but its requests are refused. */
  readonly state: "running" | "paused";
  /** How it was started or paused. */
  readonly origin: Origin;
  /** The pCPUs that each vCPU may run on, in ascending order; the index is the vCPU. An offline vCPU has none. */
  readonly pins: readonly (readonly Pcpu[])[];
  /** The threads of it beside its vCPUs that are pinned. Absent if none is, or the hypervisor cannot tell. */
  readonly threads?: readonly DomainThread[];
  /** The numbers of its channels by the paths of their sockets on this host; undefined if the hypervisor does not report them. */
  readonly channels: ReadonlyMap<string, number> | undefined;
  /** The process that serves these sockets, as this host numbers it. Absent if the hypervisor cannot tell. */
  readonly pid?: number;
  /** What its definition says about its contract, by name, not judged yet. Absent if it says nothing. */
  readonly contract?: ReadonlyMap<string, string>;
}

/** The most that is taken from a definition about a contract: names, and characters of a name and of a value. */
export const DEFINED_CONTRACT_MAX = { names: 64, nameLength: 64, valueLength: 512 } as const;
