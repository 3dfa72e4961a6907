import type { Domain, HypervisorDriver, Vcpu } from "../base/domain.ts";
import type { Ending } from "../base/origin.ts";
import type { DomainOrders } from "./domain-orders.ts";
import type { Remedies } from "./remedies.ts";

/**
 * Reports which domains exist and where they run. It is never asked while a packet is handled: its last report is used.
 */
export interface Hypervisor {
  /** Orders of operators; each opens its own connection to the hypervisor. Absent if the driver takes no orders. */
  readonly orders?: DomainOrders;
  readonly remedies: Remedies;
  status(): HypervisorStatus;
  /** Requests a new report of all domains. */
  refresh(): void;
  /** Requests a new report of one domain, which may have changed without an event. */
  lookAgain(name: string): void;
  /**
   * The guest of a domain sent a packet. A driver without events for pins looks at that domain again, in a later turn and
   * at bounded intervals. Absent if the hypervisor reports every change of a pin.
   */
  asked?(name: string): void;
  /**
   * The packets that the interface of a domain with this MAC address has received so far; undefined if the domain has none,
   * or the number cannot be had now. Absent if the driver cannot tell.
   */
  receivedPackets?(name: string, mac: string): Promise<number | undefined>;
  /**
   * The CPU time in ns that each online vCPU of a running domain has used, asked for its first `vcpus`; undefined if that
   * cannot be had now. Absent if the driver cannot tell.
   */
  vcpuTimes?(name: string, vcpus: number): Promise<ReadonlyMap<Vcpu, number> | undefined>;
  /**
   * What the hardware's own monitors have counted so far for the cores on which vCPUs of a running domain ran: joules by the
   * name of a counter. No two of them count the same vCPUs in the same package. They begin anywhere, so only differences tell
   * something; the numbers are not judged. Undefined if there are none, or they cannot be had now. Absent if the driver cannot tell.
   */
  coreEnergy?(name: string): Promise<ReadonlyMap<string, number> | undefined>;
  /** Closes the connection. No event follows. */
  close(): Promise<void>;
}

/** Events of the hypervisor. Repeats are harmless: each call has the complete state of one domain. */
export interface HypervisorEvents {
  /** The state of an existing domain: it is new, was paused or resumed, or its pins or channels changed. */
  domain(domain: Domain): void;
  /**
   * A domain does not exist any more. A domain that rebooted, was renamed or was started again is also reported as
   * gone, and then as a new one, so that it keeps nothing.
   */
  gone(name: string, ending: Ending): void;
  /** The first complete list was reported. Not called again after a reconnect. */
  ready(): void;
  /**
   * Whether every domain that exists is reported and followed. It is not at first, while the hypervisor cannot be reached,
   * and while a new domain cannot be looked at. Called before {@link ready}.
   */
  followsAll(all: boolean): void;
}

/** The state of the connection to the hypervisor. */
export interface HypervisorStatus {
  readonly driver: HypervisorDriver;
  readonly uri: string;
  readonly state: "connected" | "connecting" | "unreachable";
  /** Why it is not connected, with the remedy. */
  readonly problem: string | undefined;
  readonly domains: number;
  /** What is not followed, or may be overlooked, although it is connected; with the remedy. */
  readonly note?: string | undefined;
}
