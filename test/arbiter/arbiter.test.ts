import { describe, expect, test } from "bun:test";
import { ACPI, at, baseline, by, clock, domain, FREE, host, request, speed } from "./fixture.ts";

test("a contract that bounds less gives back what was asked, also to the next daemon", () => {
  const { arbiter, set, ask } = host([clock([0])]);
  const bounded = { ...FREE, turbo: false, maxKhz: 1_700_000 };
  set(domain("a", [[0]]), bounded);
  ask("a", 0, "max");
  const saved = arbiter.savedWants();
  expect(arbiter.clock(0)?.speed?.khz).toBe(1_700_000);
  set(domain("a", [[0]]), { ...FREE, turbo: false });
  expect(arbiter.clock(0)?.speed?.khz).toBe(2_300_000);
  set(domain("a", [[0]]));
  expect(arbiter.clock(0)?.speed?.khz).toBe(2_301_000);
  set(domain("a", [[0]]), bounded);
  // A step goes on from the speed that holds.
  ask("a", 0, "down");
  set(domain("a", [[0]]));
  expect(arbiter.clock(0)?.speed?.khz).toBe(1_400_000);
  const next = host([clock([0])]);
  next.set(domain("a", [[0]]), bounded);
  next.arbiter.takeOver("a", saved, at(0));
  next.arbiter.distrust();
  next.done(next.arbiter.outstanding());
  expect(next.arbiter.clock(0)?.speed?.khz).toBe(1_700_000);
  next.set(domain("a", [[0]]));
  expect(next.arbiter.clock(0)?.speed?.khz).toBe(2_301_000);
});

describe("several claims on one clock", () => {
  test("the highest wins", () => {
    const { ask, set } = host([clock([2, 3])]);
    set(domain("a", [[2]]));
    set(domain("b", [[3]]));
    expect([
      ask("a", 0, "min"),
      ask("b", 0, "min"),
      ask("a", 0, "max"),
      ask("b", 0, "down"),
      ask("a", 0, "min"),
    ]).toEqual([
      [], // b never asked: it keeps the baseline, which is faster
      [speed(2, 5)],
      [speed(2, 0)],
      [], // a is still at the highest speed
      [speed(2, 5)], // b stood at min, so a step down leaves it there
    ]);
  });

  test("a vCPU that is pinned there and never asked is not slowed down", () => {
    const { arbiter, ask, done, set } = host([clock([2, 3])]);
    set(domain("a", [[2]]));
    set(domain("silent", [[3]]));
    expect(ask("a", 0, "min")).toEqual([]);
    expect(arbiter.clock(2)?.accepted).toBe("baseline");
    expect(done(arbiter.removeDomain("silent"))).toEqual([speed(2, 5)]);
  });

  test("a claim at or above the baseline wins over a vCPU that never asked", () => {
    const { ask, set } = host([clock([2, 3], ACPI, 1_700_000)]);
    set(domain("a", [[2]]));
    set(domain("silent", [[3]]));
    expect([ask("a", 0, "max"), ask("a", 0, "min")]).toEqual([[speed(2, 0)], [baseline(2)]]);
  });

  test("a vCPU that is not pinned and never asked does not hold the baseline", () => {
    const { ask, set } = host([clock([2]), clock([3])]);
    set(domain("a", [[2]]));
    set(domain("floating", [[2, 3]]));
    expect(ask("a", 0, "min")).toEqual([speed(2, 5)]);
  });

  test("nothing is written before the first request", () => {
    const { arbiter, done, set } = host([clock([0]), clock([1])]);
    expect(set(domain("a", [[0], [1]]))).toEqual([]);
    expect(done(arbiter.removeDomain("a"))).toEqual([]);
  });
});

describe("the end of claims", () => {
  test("the claims of a domain end when it stops or closes its channels", () => {
    for (const end of ["gone", "left"] as const) {
      const { arbiter, ask, done, set } = host([clock([0])]);
      set(domain("a", [[0]]));
      ask("a", 0, "min");
      const writes = {
        gone: () => done(arbiter.removeDomain("a")),
        left: () => done(arbiter.endRequests("a")),
      }[end]();
      expect([end, writes]).toEqual([end, [baseline(0)]]);
    }
  });

  test("a CPU that goes offline and comes back begins at its baseline", () => {
    const zero = clock([0]);
    const { arbiter, ask, done, set } = host([zero, clock([1])]);
    set(domain("a", [[0]]));
    ask("a", 0, "min");
    done(arbiter.setClocks([clock([1])]));
    expect(ask("a", 0, "min")).toBe("cpu-not-managed");
    expect(done(arbiter.setClocks([clock([0]), clock([1])]))).toEqual([]);
    expect(ask("a", 0, "down")).toEqual([speed(0, 1)]);
  });
});

test("replaced clocks are written once for all their claims", () => {
  const { arbiter, ask, done, set } = host([clock([0, 1])]);
  set(domain("a", [[0]]));
  set(domain("silent", [[1]]));
  ask("a", 0, "min");
  expect(done(arbiter.setClocks([clock([0, 1])]))).toEqual([]); // a's claim came along, and so did the silent neighbour
  done(arbiter.removeDomain("silent"));
  expect(done(arbiter.setClocks([clock([0, 1])]))).toEqual([speed(0, 5)]);
});

test("a write names its holder", () => {
  const { arbiter, set } = host([clock([0, 1])]);
  set(domain("a", [[0]]));
  set(domain("silent", [[1]]));
  const holders = (change: { readonly writes: readonly { readonly holder: unknown }[] }) =>
    change.writes.map(({ holder }) => holder);
  const max = arbiter.scale("a", request(0, "max"), at(1));
  arbiter.commit(max);
  const min = arbiter.scale("a", request(0, "min"), at(2));
  arbiter.commit(min);
  const order = arbiter.operate(0, "min", by("alice"));
  arbiter.commit(order);
  expect([max, min, order, arbiter.operate(0, "restore", by("alice"))].map(holders)).toEqual([
    [{ kind: "vcpu", vm: "a", vcpu: 0 }],
    [{ kind: "vcpu", vm: "silent", vcpu: 0 }],
    [{ kind: "operator", who: "alice" }],
    [undefined],
  ]);
});

test("the names of the domains that are served are told, those that went not", () => {
  const { arbiter, set, done } = host([clock([0])]);
  for (const name of ["b", "a", "c"]) set(domain(name, [[0]]));
  done(arbiter.removeDomain("a"));
  expect(arbiter.domainNames()).toEqual(["b", "c"]);
});
