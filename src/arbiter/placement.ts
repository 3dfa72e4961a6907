import { formatCpuList } from "../base/cpu-list.ts";
import type { Pcpu, Vcpu } from "../base/domain.ts";
import type { ClockState } from "./claim.ts";
import type { Refusal } from "./refusal.ts";

/** What to do with a vCPU that may run on several CPUs. */
export interface MultiPin {
  readonly multiPin: "all" | "last" | "reject";
  /** A vCPU that floats over more CPUs than this steers none. */
  readonly multiPinMax: number;
}

/** The clocks under one vCPU, or why there are none for it. */
export type Placement = { readonly clocks: readonly ClockState[] } | { readonly problem: Refusal };

/** Finds the clocks under a vCPU (spec section 8). All of its CPUs must be managed, or its speed means nothing. */
export function placeVcpu(
  { domain, vcpu, pins }: { domain: string; vcpu: Vcpu; pins: readonly Pcpu[] },
  clocks: ReadonlyMap<Pcpu, ClockState>,
  { multiPin, multiPinMax }: MultiPin,
): Placement {
  if (pins.length === 0) return { problem: { code: "vcpu-offline", reason: `vCPU ${vcpu} is offline` } };
  if (pins.length > multiPinMax || (pins.length > 1 && multiPin === "reject"))
    return { problem: notPinned(domain, vcpu, pins, multiPin === "reject" ? 1 : multiPinMax) };
  const used = multiPin === "last" ? [Math.max(...pins)] : pins;
  const found = new Set<ClockState>();
  for (const pcpu of used) {
    const clock = clocks.get(pcpu);
    if (clock === undefined) return { problem: notManaged(pcpu) };
    found.add(clock);
  }
  return { clocks: [...found] };
}

/** A CPU that was named but is not ours to change. */
export function notManaged(pcpu: Pcpu): Refusal {
  return {
    code: "cpu-not-managed",
    reason: `CPU ${pcpu} is not managed`,
    remedy: `vmpowerctl show-cpu-freq ${pcpu} says why`,
  };
}

function notPinned(domain: string, vcpu: Vcpu, pins: readonly Pcpu[], max: number): Refusal {
  return {
    code: "not-pinned",
    reason: `vCPU ${vcpu} is not pinned: it floats over ${pins.length} CPUs (${formatCpuList(pins)}), at most ${max} are allowed`,
    remedy: `virsh vcpupin ${domain} ${vcpu} CPU --live --config`,
  };
}
