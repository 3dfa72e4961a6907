import type { Origin } from "./origin.ts";

/** A physical CPU of the host, by the kernel's number. */
export type Pcpu = number;

/** A virtual CPU of a domain, counted from 0. */
export type Vcpu = number;

/** vCPUs of one domain, at most: what QEMU's largest machine has. */
export const VCPUS_MAX = 4096;

/** A clock speed in kHz. */
export type Khz = number;

/** Speeds above it are taken for a mistake. */
export const KHZ_MAX = 100_000_000;

/** Names of the hypervisor's drivers: what may tell which VM runs where. */
export const HYPERVISOR_DRIVERS = ["libvirt", "static"] as const;

/** One of {@link HYPERVISOR_DRIVERS}. */
export type HypervisorDriver = (typeof HYPERVISOR_DRIVERS)[number];

/** What the hypervisor says of one domain that exists: running, or paused. */
export interface Domain {
  readonly name: string;
  /** Which domain, whatever it is called. Absent where the hypervisor cannot tell. */
  readonly uuid?: string;
  /** Which run of which domain: another after every start. Absent where the hypervisor cannot tell. */
  readonly run?: string;
  /** A paused domain keeps its channels, but may ask for nothing. */
  readonly state: "running" | "paused";
  /** How it came to run or to be paused. */
  readonly origin: Origin;
  /** The pCPUs that each vCPU may run on, ascending; the index is the vCPU. An offline vCPU has none. */
  readonly pins: readonly (readonly Pcpu[])[];
  /** Host paths of its channel sockets; undefined where the hypervisor cannot tell. */
  readonly channelPaths: ReadonlySet<string> | undefined;
}
