import { expect, test } from "bun:test";
import { Occupancy } from "../../src/arbiter/occupancy.ts";
import { at, by, clock, domain, host } from "./fixture.ts";
import { MIN } from "./parking-fixture.ts";

/** A host of clocks 0 and 1, all of whose domains are known, with parking. */
function played() {
  const made = host([clock([0]), clock([1])]);
  const { arbiter, done } = made;
  done(arbiter.parking.configure(MIN));
  done(arbiter.parking.knowAll(true));
  const parked = () => [0, 1].filter((cpu) => arbiter.clock(cpu)?.parked !== undefined);
  return { ...made, parked, turn: (ms: number) => arbiter.tick(at(ms)).parking };
}

test("a clock is parked once, and something is due as long as one waits", () => {
  const { arbiter, set, turn } = played();
  set(domain("a", [[1]]));
  expect(turn(0)).toBeUndefined();
  expect(arbiter.dueAt()).toBe(1000);
  expect([turn(1000), turn(2000), turn(99_000), arbiter.dueAt()]).toEqual([
    { parked: [0], back: [] },
    ...[undefined, undefined, undefined],
  ]);
});

test("nothing is due where the last clock that waited is used, before its wait began or after", () => {
  for (const waits of [false, true]) {
    const { arbiter, set, turn } = played();
    if (waits) turn(0);
    set(domain("a", [[0], [1]]));
    expect(arbiter.dueAt()).toBeUndefined();
  }
});

test("each clock waits from when it was left, whichever is first", () => {
  const { arbiter, set, done, turn, parked } = played();
  set(domain("a", [[0]]));
  turn(0);
  done(arbiter.removeDomain("a"));
  // A turn has to note the time.
  expect(arbiter.dueAt()).toBeLessThan(0);
  turn(400);
  expect(arbiter.dueAt()).toBe(1000);
  turn(1000);
  expect([parked(), arbiter.dueAt()]).toEqual([[1], 1400]);
  turn(1400);
  expect(parked()).toEqual([0, 1]);
});

test("a clock is free when the last of several VMs leaves it", () => {
  const { arbiter, set, done, turn, parked } = played();
  for (const name of ["a", "b", "c"]) set(domain(name, [[0], [1]]));
  const left: (readonly number[])[] = [];
  for (const [i, name] of ["b", "a", "c"].entries()) {
    done(arbiter.removeDomain(name));
    turn(10_000 * i);
    turn(10_000 * i + 1000);
    left.push(parked());
  }
  expect(left).toEqual([[], [], [0, 1]]);
  expect(arbiter.parking.usersOf(0, 8)).toEqual([]);
});

test("the same rule given again parks nothing that an operator restored", () => {
  const { arbiter, done, turn, parked } = played();
  turn(0);
  done(arbiter.tick(at(1000)));
  done(arbiter.operate(0, "restore", by("root")));
  done(arbiter.parking.configure({ ...MIN }));
  expect([parked(), arbiter.dueAt()]).toEqual([[1], undefined]);
});

test("the users of CPUs are those that may run on any of them, without those that are gone", () => {
  const occupancy = new Occupancy();
  occupancy.put("a", { pins: [[1]] });
  occupancy.put("b", { pins: [[1], [2]] });
  expect([occupancy.usersOf([0, 1], 9), occupancy.usersOf([2, 3], 9)]).toEqual([["a", "b"], ["b"]]);
  occupancy.put("a", undefined);
  expect([occupancy.usersOf([0, 1], 9), occupancy.usersOf([0, 3], 9)]).toEqual([["b"], []]);
});
