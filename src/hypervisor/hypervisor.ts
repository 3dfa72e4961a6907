import type { Domain, HypervisorDriver } from "../base/domain.ts";
import type { Ending } from "../base/origin.ts";
import type { DomainOrders } from "./domain-orders.ts";
import type { Remedies } from "./remedies.ts";

/** Tells which domains exist and where they run. It is never asked while a packet is handled: what it told last is used. */
export interface Hypervisor {
  /** For operators: each answer is a conversation of its own with the hypervisor. Absent where it takes no orders. */
  readonly orders?: DomainOrders;
  readonly remedies: Remedies;
  status(): HypervisorStatus;
  /** Asks for everything again, soon. */
  refresh(): void;
  /** Asks for one domain again, soon: it may have changed without an event. */
  lookAgain(name: string): void;
  /** Says goodbye and closes; no event follows. */
  close(): Promise<void>;
}

/** What the daemon is told. Repeats are harmless: each call gives the whole truth about one domain. */
export interface HypervisorEvents {
  /** A domain exists and this is all of it: it came, was paused or resumed, or its pins or channels changed. */
  domain(domain: Domain): void;
  /**
   * A domain exists no more. One that rebooted, has another name or was started again meanwhile is gone as well, and
   * told of anew at once: nothing it held outlives that.
   */
  gone(name: string, ending: Ending): void;
  /** The first complete list was told. Not called again after a reconnect. */
  ready(): void;
}

/** How the connection to the hypervisor is. */
export interface HypervisorStatus {
  readonly driver: HypervisorDriver;
  readonly uri: string;
  readonly state: "connected" | "connecting" | "unreachable";
  /** Why it is not connected, with the remedy. */
  readonly problem: string | undefined;
  readonly domains: number;
}
