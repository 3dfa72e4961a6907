import type { Pcpu } from "../base/domain.ts";
import type { ClockState, DomainState, Floor } from "./claim.ts";
import { floorIndex } from "./envelope.ts";
import { clockUnder } from "./placement.ts";

/**
 * Puts the floor of a domain under each clock where a thread of it beside its vCPUs is pinned. A floor alone sets nothing:
 * it bounds what anybody else wants there.
 */
export function putFloors(state: DomainState, clocks: ReadonlyMap<Pcpu, ClockState>): void {
  const { domain, contract, floors } = state;
  const { emulatorMinKhz, dryRun, turbo } = contract;
  if (emulatorMinKhz === undefined || dryRun === true || domain.state !== "running") return;
  for (const { name: thread, pcpus } of domain.threads ?? []) {
    for (const clock of new Set(pcpus.map((pcpu) => clockUnder(pcpu, clocks)))) {
      if (clock === undefined) continue;
      const index = floorIndex(clock.clock.table, emulatorMinKhz, turbo);
      if (index === undefined) continue;
      const floor: Floor = { source: "floor", holder: { kind: "thread", vm: domain.name, thread }, index };
      clock.floors.add(floor);
      floors.push({ clock, floor });
    }
  }
}

/** Takes the floors of a domain away. Returns the clocks that had them. */
export function takeFloors({ floors }: DomainState): Set<ClockState> {
  for (const { clock, floor } of floors) clock.floors.delete(floor);
  return new Set(floors.splice(0).map(({ clock }) => clock));
}

/** The highest floor of a clock. Called while a packet is handled. */
export function floorOf({ floors }: ClockState): Floor | undefined {
  let highest: Floor | undefined;
  for (const floor of floors) if (highest === undefined || floor.index < highest.index) highest = floor;
  return highest;
}
