import type { Domain, Pcpu } from "../base/domain.ts";
import { type Answered, type DomainOrders, refused } from "./domain-orders.ts";
import type { Hypervisor, HypervisorEvents } from "./hypervisor.ts";

/** The map without a hypervisor: for every domain the pCPUs of each vCPU; the index is the vCPU. */
export type StaticMap = ReadonlyMap<string, readonly (readonly Pcpu[])[]>;

/** A hypervisor that only knows what the configuration says. */
export interface StaticHypervisor extends Hypervisor {
  /** Takes another map, as after a reload: who is not in it any more is gone. */
  replace(vms: StaticMap): void;
}

/** Opens the map of the configuration: every domain of it runs, always. It tells after the caller's turn. */
export function openStatic(vms: StaticMap, events: HypervisorEvents): StaticHypervisor {
  let current = vms;
  let closed = false;

  function tellAll(): void {
    for (const [name, pins] of current) events.domain(domainOf(name, pins));
  }

  queueMicrotask(() => {
    if (closed) return;
    tellAll();
    events.ready();
  });
  return {
    orders: NO_ORDERS,
    remedies: { pin: (vm, vcpu) => `name one CPU for vCPU ${vcpu} in Vcpus= of [vm ${vm}]` },
    status: () => ({
      driver: "static",
      uri: "static",
      state: "connected",
      problem: undefined,
      domains: current.size,
    }),
    refresh() {
      if (!closed) tellAll();
    },
    // What the configuration says changes with a reload only.
    lookAgain() {},
    replace(next) {
      if (closed) return;
      const removed = [...current.keys()].filter((name) => !next.has(name));
      current = next;
      for (const name of removed) events.gone(name, "removed from the configuration");
      tellAll();
    },
    async close() {
      closed = true;
    },
  };
}

/** Nobody can be asked or ordered; what is in the configuration is all there is. */
const NO_ORDERS: DomainOrders = {
  vcpus: notStatic,
  pinVcpu: notStatic,
  setVcpus: notStatic,
  planChannels: notStatic,
  addChannels: notStatic,
};

async function notStatic(): Promise<Answered<never>> {
  return refused("It cannot be done with Driver=static", "edit Vcpus= in the configuration");
}

function domainOf(name: string, pins: readonly (readonly Pcpu[])[]): Domain {
  return {
    name,
    state: "running",
    detail: "configured",
    pins: pins.map((pcpus) => [...new Set(pcpus)].sort((a, b) => a - b)),
    channelPaths: undefined,
  };
}
