import { expect, test } from "bun:test";
import type { ParkingRule } from "../../src/arbiter/parking-view.ts";
import { at, clock, domain, FREE, NO_TURBO } from "./fixture.ts";
import { MIN, played } from "./parking-fixture.ts";

const REST: ParkingRule = { afterMs: 1000, to: { governors: ["powersave", "schedutil"] } };

test("a clock that no VM uses is parked after the time, not before", () => {
  const { place, knowAll, turn, moves, speeds, arbiter } = played();
  place("a", [[0]]);
  knowAll();
  // The next turn notes since when nobody uses it.
  expect(arbiter.dueAt()).toBeLessThan(0);
  expect(turn(5000)).toEqual([]);
  expect(arbiter.dueAt()).toBe(6000);
  expect(turn(5999)).toEqual([]);
  expect(turn(6000)).toEqual([
    { clock: 1, setting: 2 },
    { clock: 2, setting: 5 },
  ]);
  expect(moves()).toEqual([{ parked: [1, 2, 3], back: [] }]);
  expect(speeds()).toEqual(["baseline", 1_000_000, 1_200_000]);
  expect(arbiter.clock(3)).toMatchObject({ parked: { to: "min", sinceMs: 6000 }, shouldKhz: 1_200_000 });
  expect(arbiter.dueAt()).toBeUndefined();
  expect(turn(99_000)).toEqual([]);
});

test("it is back within the change that sets a VM there, with the VM's own wants in one write", () => {
  const { place, knowAll, turn, moves, ask, act, arbiter, speeds } = played();
  knowAll();
  turn(0);
  turn(1000);
  moves();
  expect(place("a", [[1], [3]])).toEqual([
    { clock: 1, setting: "baseline" },
    { clock: 2, setting: "baseline" },
  ]);
  expect(moves()).toEqual([{ parked: [], back: [1, 2, 3] }]);
  ask("a", 1, "max");
  // A VM that moves takes its speed along, and leaves a clock that must wait anew.
  expect(place("a", [[1], [0]])).toEqual([
    { clock: 2, setting: "baseline" },
    { clock: 0, setting: 0 },
  ]);
  turn(1500);
  expect(turn(2499)).toEqual([]);
  expect(turn(2500)).toEqual([{ clock: 2, setting: 5 }]);
  expect(act(arbiter.removeDomain("a"))).toEqual([{ clock: 0, setting: "baseline" }]);
  turn(2600);
  turn(3600);
  expect(speeds()).toEqual([1_200_000, 1_000_000, 1_200_000]);
});

test("every pin counts: wide ones, of paused VMs, of VMs that are not served, of CPUs that MultiPin leaves out", () => {
  const pinning = { multiPin: "last", multiPinMax: 1 } as const;
  const idle = (use: (made: ReturnType<typeof played>) => void) => {
    const made = played(MIN, pinning as never);
    use(made);
    made.knowAll();
    made.turn(0);
    made.turn(1000);
    return made.parked();
  };
  expect(idle(() => undefined)).toEqual([0, 1, 2]);
  expect(idle(({ place }) => place("a", [[0, 1, 2, 3]]))).toEqual([]);
  expect(idle(({ place }) => place("a", [[0, 1]]))).toEqual([2]);
  expect(idle(({ place }) => place("a", [[3]], "paused"))).toEqual([0, 1]);
  expect(idle(({ place }) => place("a", [[], [1]]))).toEqual([0, 2]);
  expect(idle(({ act, arbiter }) => act(arbiter.removeDomain("a", domain("a", [[1]]))))).toEqual([0, 2]);
  expect(
    idle(({ place, act, arbiter }) => {
      place("a", [[0]]);
      act(arbiter.removeDomain("a", domain("a", [[0]])));
      act(arbiter.removeDomain("b", domain("b", [[0]])));
      act(arbiter.removeDomain("b"));
    }),
  ).toEqual([1, 2]);
});

test("nothing is parked before all VMs are known, and everything is back while they are not followed", () => {
  const { knowAll, turn, speeds, parked, arbiter } = played();
  turn(0);
  turn(9000);
  expect([parked(), arbiter.dueAt()]).toEqual([[], undefined]);
  knowAll();
  turn(9000);
  turn(10_000);
  expect(parked()).toEqual([0, 1, 2]);
  expect(knowAll(false).length).toBe(3);
  expect([speeds(), arbiter.dueAt()]).toEqual([["baseline", "baseline", "baseline"], undefined]);
  knowAll();
  turn(11_000);
  expect(parked()).toEqual([]);
  turn(12_000);
  expect(parked()).toEqual([0, 1, 2]);
});

test("with a governor the clock keeps its baseline, and parking wants the governor beside it", () => {
  const { act, arbiter, knowAll, turn, speeds, place, moves } = played(REST);
  knowAll();
  turn(0);
  expect(arbiter.knobs.on(2)?.wanted).toEqual({});
  expect(turn(1000)).toEqual([]);
  expect(moves()).toEqual([{ parked: [0, 1, 2, 3], back: [] }]);
  expect(arbiter.knobs.on(3)?.wanted).toEqual({ governors: ["powersave", "schedutil"] });
  expect(arbiter.clock(2)).toMatchObject({ should: "baseline", parked: { to: REST.to, sinceMs: 1000 } });
  expect(place("a", [[2]])).toEqual([]);
  expect([moves(), arbiter.knobs.on(3)?.wanted]).toEqual([[{ parked: [], back: [2, 3] }], {}]);
  // Another rule holds at once for what is parked; without one everything is back.
  expect(act(arbiter.parking.configure(MIN))).toEqual([
    { clock: 0, setting: 5 },
    { clock: 1, setting: 2 },
  ]);
  expect([arbiter.knobs.on(0)?.wanted, moves()]).toEqual([{}, []]);
  act(arbiter.parking.configure(undefined));
  expect([speeds(), moves()]).toEqual([["baseline", "baseline", "baseline"], [{ parked: [], back: [0, 1] }]]);
});

test("a shorter time holds at once", () => {
  const { act, arbiter, knowAll, turn, parked } = played({ afterMs: 60_000, to: "min" });
  knowAll();
  turn(0);
  turn(2000);
  act(arbiter.parking.configure(MIN));
  expect(arbiter.dueAt()).toBeLessThan(2000);
  turn(2000);
  expect(parked()).toEqual([0, 1, 2]);
});

test("clocks that come wait their time, those that change stay parked, and those that go are forgotten", () => {
  const { act, arbiter, knowAll, turn, parked, place } = played();
  knowAll();
  turn(0);
  turn(1000);
  // CPU 3 is offline, CPU 1 is gone, and CPU 0 has another table.
  const clocks = [clock([0], NO_TURBO), clock([2])];
  expect(act(arbiter.setClocks(clocks))).toEqual([
    { clock: 0, setting: 2 },
    { clock: 2, setting: 5 },
  ]);
  expect(arbiter.parking.parked()).toEqual([0, 2]);
  // A VM that is pinned to the offline CPU uses the clock as soon as the CPU comes back.
  place("a", [[3]]);
  expect(parked()).toEqual([0, 2]);
  act(arbiter.setClocks([...clocks.slice(0, 1), clock([1]), clock([2, 3])]));
  expect(parked()).toEqual([0]);
  turn(5000);
  turn(5999);
  expect(parked()).toEqual([0]);
  turn(6000);
  expect(parked()).toEqual([0, 1]);
});

test("what the previous daemon had parked stays so at once, unless a VM uses it or all is not known", () => {
  const { act, arbiter, knowAll, place, parked } = played();
  place("a", [[1]]);
  act(arbiter.parking.resume([0, 1], at(500)));
  expect(parked()).toEqual([]);
  knowAll();
  expect(act(arbiter.parking.resume([0, 1, 77], at(500)))).toEqual([{ clock: 0, setting: 5 }]);
  expect([parked(), arbiter.parking.parked()]).toEqual([[0], [0]]);
});

test("the domains that use a clock are shown, some of them, and only where clocks are parked", () => {
  const { arbiter, place, act } = played();
  place("a", [[2], [3]]);
  act(arbiter.removeDomain("b", domain("b", [[0, 1, 2]])));
  expect([arbiter.parking.usersOf(3, 8), arbiter.parking.usersOf(3, 1)]).toEqual([["a", "b"], ["a"]]);
  expect(arbiter.parking.usersOf(77, 8)).toEqual([]);
  act(arbiter.parking.configure(undefined));
  expect(arbiter.parking.usersOf(3, 8)).toEqual([]);
});

test("parking is explained, also to a guest that names the CPU", () => {
  const { arbiter, ask, act, knowAll, turn } = played();
  act(arbiter.setDomain(domain("a", [[1]]), { ...FREE, physicalCores: true }));
  knowAll();
  turn(0);
  expect(act(arbiter.tick(at(1000)))).toEqual([
    { clock: 0, setting: 5 },
    { clock: 2, setting: 5 },
  ]);
  const change = arbiter.tick(at(1000));
  expect(change.parking).toBeUndefined();
  ask("a", 0, "max", true);
  expect([arbiter.clock(0)?.shouldKhz, arbiter.clock(0)?.parked]).toEqual([2_301_000, undefined]);
  act(arbiter.endRequests("a"));
  expect(arbiter.clock(0)?.last?.rule).toEqual({ kind: "parked" });
});
