import type { ParkingRule } from "../../src/arbiter/parking-view.ts";
import type { Change } from "../../src/arbiter/view.ts";
import { at, clock, domain, FREE, host, NO_TURBO } from "./fixture.ts";

export const MIN: ParkingRule = { afterMs: 1000, to: "min" };

/** A host of three clocks, of which the last has two CPUs, with parking. */
export function played(rule: ParkingRule | undefined = MIN, pinning?: Parameters<typeof host>[1]) {
  const made = host([clock([0]), clock([1], NO_TURBO), clock([2, 3])], pinning);
  const { arbiter, done } = made;
  done(arbiter.parking.configure(rule));
  const moves: Change["parking"][] = [];
  const act = (change: Change) => {
    if (change.parking !== undefined) moves.push(change.parking);
    return done(change);
  };
  return {
    ...made,
    act,
    place: (name: string, pins: readonly (readonly number[])[], state?: "paused") =>
      act(arbiter.setDomain(domain(name, pins, state), FREE)),
    knowAll: (all = true) => act(arbiter.parking.knowAll(all)),
    turn: (ms: number) => act(arbiter.tick(at(ms))),
    moves: () => moves.splice(0),
    speeds: () => [0, 1, 2].map((cpu) => arbiter.clock(cpu)?.speed?.khz ?? "baseline"),
    parked: () => [0, 1, 2].filter((cpu) => arbiter.clock(cpu)?.parked !== undefined),
  };
}
