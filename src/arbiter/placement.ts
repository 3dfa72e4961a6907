import type { Pcpu, Vcpu } from "../base/domain.ts";
import type { ClockState } from "./claim.ts";
import type { Refusal } from "./view.ts";

/** What to do with a vCPU that may run on several CPUs. */
export interface MultiPin {
  readonly multiPin: "all" | "last" | "reject";
  /** A vCPU that may run on more CPUs than this is refused. */
  readonly multiPinMax: number;
}

/** The clocks under one vCPU, or why it has none. */
export interface Placement {
  readonly clocks: readonly ClockState[];
  readonly problem?: Refusal;
}

/** The CPUs of the host, as far as their clocks can be set. */
export interface HostCpus {
  /** The clock of each managed pCPU. */
  readonly clocks: ReadonlyMap<Pcpu, ClockState>;
  /** CPUs that are kept for others. */
  readonly reserved: ReadonlySet<Pcpu>;
}

/** Why a CPU without a clock has none. */
export function noClock(pcpu: Pcpu, { reserved }: HostCpus): Refusal {
  return { code: reserved.has(pcpu) ? "cpu-reserved" : "cpu-not-managed", pcpu };
}

/**
 * Finds the clocks under a vCPU (vm-power-protocol(7), "THE CPUS OF A VCPU"). All of its CPUs must be managed: a vCPU that
 * can also run on another CPU has no single speed.
 */
export function placeVcpu(
  { vcpu, pins }: { vcpu: Vcpu; pins: readonly Pcpu[] },
  host: HostCpus,
  { multiPin, multiPinMax }: MultiPin,
): Placement {
  if (pins.length === 0) return none({ code: "vcpu-offline", vcpu });
  if (pins.length > multiPinMax || (pins.length > 1 && multiPin === "reject")) {
    const max = multiPin === "reject" ? 1 : multiPinMax;
    return none({ code: "not-pinned", vcpu, pcpus: pins, max });
  }
  const used = multiPin === "last" ? [Math.max(...pins)] : pins;
  const found = new Set<ClockState>();
  for (const pcpu of used) {
    const clock = clockUnder(pcpu, host.clocks);
    if (clock === undefined) return none(noClock(pcpu, host));
    found.add(clock);
  }
  return { clocks: [...found] };
}

function none(problem: Refusal): Placement {
  return { clocks: [], problem };
}

/** The clock that a CPU runs on now. A clock is also found by its lowest CPU, which may be offline. */
export function clockUnder(pcpu: Pcpu, clocks: ReadonlyMap<Pcpu, ClockState>): ClockState | undefined {
  const state = clocks.get(pcpu);
  return state?.clock.pcpus.includes(pcpu) ? state : undefined;
}
