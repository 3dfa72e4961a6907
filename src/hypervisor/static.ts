import type { Domain, Pcpu } from "../base/domain.ts";
import type { Hypervisor, HypervisorEvents } from "./hypervisor.ts";
import type { Remedies } from "./remedies.ts";

/** The map without a hypervisor: for each domain the pCPU of each vCPU; the index is the vCPU. */
export type StaticMap = ReadonlyMap<string, readonly (readonly Pcpu[])[]>;

/** A hypervisor driver that knows only what the configuration says. */
export interface StaticHypervisor extends Hypervisor {
  /** Replaces the map after a reload. Domains that are missing in it are reported as gone. */
  replace(vms: StaticMap): void;
}

/** Opens the map of the configuration. All its domains always run. It reports them after the caller's turn. */
export function openStatic(vms: StaticMap, events: HypervisorEvents): StaticHypervisor {
  let current = vms;
  let closed = false;

  function reportAll(): void {
    for (const [name, pins] of current) events.domain(domainOf(name, pins));
  }

  queueMicrotask(() => {
    if (closed) return;
    reportAll();
    events.followsAll(true);
    events.ready();
  });
  return {
    remedies: REMEDIES,
    status: () => ({
      driver: "static",
      uri: "static",
      state: "connected",
      problem: undefined,
      domains: current.size,
    }),
    refresh() {
      if (!closed) reportAll();
    },
    // The map changes only by a reload.
    lookAgain() {},
    replace(next) {
      if (closed) return;
      const removed = [...current.keys()].filter((name) => !next.has(name));
      current = next;
      for (const name of removed) events.gone(name, "unconfigured");
      reportAll();
    },
    async close() {
      closed = true;
    },
  };
}

/** Everything is in the configuration. */
const REMEDIES: Remedies = {
  pin: (domain) => `write one CPU for each vCPU into Vcpus= of [vm ${domain}]`,
  defineChannel: (_domain, path) => `make its channel at ${path}`,
  unknownDomain: {
    reason: "no VM of that name is configured",
    remedy: "add [vm NAME] with Vcpus= to the configuration",
  },
};

function domainOf(name: string, pins: readonly (readonly Pcpu[])[]): Domain {
  return {
    name,
    state: "running",
    origin: "configured",
    pins: pins.map((pcpus) => [...new Set(pcpus)].sort((a, b) => a - b)),
    channels: undefined,
  };
}
