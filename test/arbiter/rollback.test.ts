import { describe, expect, test } from "bun:test";
import { at, by, clock, domain, FREE, host, plain, request, speed } from "./fixture.ts";

const refused = (accepted: number, reason = "EBUSY") => ({ accepted, reason, now: at(9) });

/** The whole visible state of a host of CPUs 0 and 1 and of VM a. */
function seen({ arbiter }: ReturnType<typeof host>) {
  const { claims, order, accepted, should } = arbiter.clock(0) ?? {};
  return { claims, order, accepted, should, vcpu: { ...arbiter.vcpu("a", 0), refused: undefined } };
}

describe("a request that the kernel refuses leaves everything as it was", () => {
  test("a first request: the vCPU counts as one that never asked", () => {
    const all = host([clock([0])]);
    all.set(domain("a", [[0]]));
    const before = seen(all);
    const change = all.arbiter.scale("a", request(0, "min"), at(1));
    const undone = all.arbiter.rollback(change, refused(0));
    expect(plain(undone)).toEqual([{ clock: 0, setting: "baseline" }]);
    all.done(undone);
    expect(seen(all)).toEqual(before);
    expect(all.arbiter.vcpu("a", 0)).toMatchObject({
      asked: undefined,
      refused: { asked: "min", atMs: 9, refusal: { code: "kernel-refused", reason: "EBUSY" } },
    });
    expect(all.ask("a", 0, "down")).toEqual([speed(0, 1)]);
  });

  test("a later request: the previous claim is in force, also on clocks that had accepted the new one", () => {
    const all = host([clock([0]), clock([1])]);
    all.set(domain("a", [[0, 1]]));
    all.ask("a", 0, "down");
    const before = seen(all);
    const change = all.arbiter.scale("a", request(0, "min"), at(2000));
    expect(plain(change)).toEqual([speed(0, 5), speed(1, 5)]);
    const undone = all.arbiter.rollback(change, refused(1));
    expect(plain(undone)).toEqual([speed(1, 1), speed(0, 1)]);
    all.done(undone);
    expect(seen(all)).toEqual(before);
  });

  test("a request that ended an operator's order without hold: the order is in force again", () => {
    const all = host([clock([0])]);
    all.set(domain("a", [[0]]));
    all.done(all.arbiter.operate(0, "min", by("alice")));
    const before = seen(all);
    const change = all.arbiter.scale("a", request(0, "max"), at(3));
    expect([plain(change), change.endedOrders]).toEqual([[speed(0, 0)], [0]]);
    const undone = all.arbiter.rollback(change, refused(0));
    expect(plain(undone)).toEqual([speed(0, 5)]);
    all.done(undone);
    expect(seen(all)).toEqual(before);
    expect(undone.endedOrders).toEqual([]);
  });

  test("an operator's order: the previous order is in force, or none", () => {
    const all = host([clock([0])]);
    const first = all.arbiter.operate(0, "min", by("alice", { hold: true }));
    all.done(all.arbiter.rollback(first, refused(0)));
    expect(seen(all)).toMatchObject({ order: undefined, accepted: "baseline" });
    all.done(all.arbiter.operate(0, "min", by("alice", { hold: true })));
    const second = all.arbiter.operate(0, "max", by("bob", { hold: true }));
    all.done(all.arbiter.rollback(second, refused(0)));
    expect(seen(all)).toMatchObject({ order: { who: "alice", khz: 1_200_000 }, accepted: 5 });
  });

  test("a restore: the claims of guests stay in force", () => {
    const all = host([clock([0])]);
    all.set(domain("a", [[0]]));
    all.ask("a", 0, "min");
    const before = seen(all);
    all.done(all.arbiter.rollback(all.arbiter.operate(0, "restore", by("alice")), refused(0)));
    expect(seen(all)).toEqual(before);
  });
});

describe("with a back end that answers later", () => {
  test("a refused request does not fall back to an earlier one that was itself refused", () => {
    const all = host([clock([0])]);
    all.set(domain("a", [[0]]));
    all.ask("a", 0, "down");
    const min = all.arbiter.scale("a", request(0, "min"), at(2));
    const max = all.arbiter.scale("a", request(0, "max"), at(3));
    all.arbiter.rollback(min, refused(0));
    all.arbiter.rollback(max, refused(0));
    expect(all.arbiter.vcpu("a", 0)).toMatchObject({ asked: "down", clocks: [{ khz: 2_300_000 }] });
  });

  test("a change is not assumed before it is committed, and not written twice meanwhile", () => {
    const all = host([clock([0])]);
    all.set(domain("a", [[0]]));
    const change = all.arbiter.scale("a", request(0, "min"), at(1));
    expect(all.arbiter.clock(0)?.accepted).toBe("baseline");
    expect([
      plain(all.arbiter.setDomain(domain("a", [[0]]), FREE)),
      plain(all.arbiter.outstanding()),
    ]).toEqual([[], []]);
    all.done(change);
    expect(all.arbiter.clock(0)?.accepted).toBe(5);
  });
});

test("a refused write that follows from an event is tried again when it is due", () => {
  const { arbiter, set, ask } = host([clock([0]), clock([1])]);
  set(domain("a", [[0]]));
  set(domain("b", [[1]]));
  ask("a", 0, "min");
  ask("b", 0, "min");
  for (const name of ["a", "b"]) {
    const change = arbiter.removeDomain(name);
    arbiter.commit(change, change.writes);
  }
  expect(arbiter.clock(0)?.accepted).toBeUndefined();
  expect(plain(arbiter.outstanding((id) => id === 1))).toEqual([{ clock: 1, setting: "baseline" }]);
  expect(plain(arbiter.outstanding())).toEqual([{ clock: 0, setting: "baseline" }]);
  expect(plain(arbiter.outstanding())).toEqual([]);
});

test("decisions about one vCPU that are joined are written once for each clock, and undone whole", () => {
  const { arbiter, set, done } = host([clock([0]), clock([1])], { multiPin: "all", multiPinMax: 4 });
  set(domain("a", [[0, 1]]));
  const ask = (action: "up" | "min" | "down") => arbiter.scale("a", request(0, action), at(1000));
  const both = arbiter.join([ask("min"), ask("up")]);
  expect(plain(both)).toEqual([speed(0, 4), speed(1, 4)]);
  expect(plain(arbiter.rollback(both, { accepted: 1, reason: "EIO", now: at(1000) }))).toEqual([
    // The one that was refused as well, in case the back end could not undo it.
    { clock: 1, setting: "baseline" },
    { clock: 0, setting: "baseline" },
  ]);
  expect(arbiter.vcpu("a", 0)?.asked).toBeUndefined();
  // Refused ones have no part, and nothing joined is nothing to write.
  const refused = arbiter.scale("a", request(7, "min"), at(1000));
  expect([plain(arbiter.join([refused])), done(arbiter.join([refused, ask("min")]))]).toEqual([
    [],
    [speed(0, 5), speed(1, 5)],
  ]);
});

test("of a request for three clocks whose second write is refused, the third is not written at all", () => {
  const all = host([clock([0]), clock([1]), clock([2])]);
  all.set(domain("a", [[0, 1, 2]]));
  all.ask("a", 0, "down");
  const change = all.arbiter.scale("a", request(0, "min"), at(2000));
  const undone = all.arbiter.rollback(change, refused(1));
  const accepted = () => [0, 1, 2].map((cpu) => all.arbiter.clock(cpu)?.accepted);
  // The first clock has the new speed until the undoing is done.
  expect([plain(undone), accepted()]).toEqual([
    [speed(1, 1), speed(0, 1)],
    [5, 1, 1],
  ]);
  all.done(undone);
  expect([accepted(), plain(all.arbiter.outstanding())]).toEqual([[1, 1, 1], []]);
});

test("of an event's writes those that the kernel refused are outstanding, and no others", () => {
  const all = host([clock([0]), clock([1])]);
  all.set(domain("a", [[0, 1]]));
  all.ask("a", 0, "min");
  const ended = all.arbiter.removeDomain("a");
  all.arbiter.commit(ended, [...ended.writes].slice(1));
  expect([0, 1].map((cpu) => all.arbiter.clock(cpu)?.accepted)).toEqual(["baseline", undefined]);
  expect(plain(all.arbiter.outstanding())).toEqual([{ clock: 1, setting: "baseline" }]);
});
