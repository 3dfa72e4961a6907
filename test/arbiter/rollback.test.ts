import { describe, expect, test } from "bun:test";
import { at, by, clock, domain, FREE, host, plain, request } from "./fixture.ts";

const speed = (id: number, index: number) => ({ clock: id, setting: index });
const refused = (accepted: number, reason = "EBUSY") => ({ accepted, reason, now: at(9) });

/** Everything that can be seen of a host of CPUs 0 and 1 and of VM a. */
function seen({ arbiter }: ReturnType<typeof host>) {
  const { claims, order, accepted, should } = arbiter.clock(0) ?? {};
  return { claims, order, accepted, should, vcpu: { ...arbiter.vcpu("a", 0), refused: undefined } };
}

describe("a request that the kernel refuses leaves everything as it was", () => {
  test("a first request: the vCPU is silent, and nobody has asked", () => {
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

  test("a later request: what was asked before holds, also on the clocks that had followed", () => {
    const all = host([clock([0]), clock([1])]);
    all.set(domain("a", [[0, 1]]));
    all.ask("a", 0, "down");
    const before = seen(all);
    const change = all.arbiter.scale("a", request(0, "min"), at(2));
    expect(plain(change)).toEqual([speed(0, 5), speed(1, 5)]);
    const undone = all.arbiter.rollback(change, refused(1));
    expect(plain(undone)).toEqual([speed(1, 1), speed(0, 1)]);
    all.done(undone);
    expect(seen(all)).toEqual(before);
  });

  test("an operator's order without hold is in force again", () => {
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

  test("an operator's own order: the one before is in force, or none", () => {
    const all = host([clock([0])]);
    const first = all.arbiter.operate(0, "min", by("alice", { hold: true }));
    all.done(all.arbiter.rollback(first, refused(0)));
    expect(seen(all)).toMatchObject({ order: undefined, accepted: "baseline" });
    all.done(all.arbiter.operate(0, "min", by("alice", { hold: true })));
    const second = all.arbiter.operate(0, "max", by("bob", { hold: true }));
    all.done(all.arbiter.rollback(second, refused(0)));
    expect(seen(all)).toMatchObject({ order: { who: "alice", khz: 1_200_000 }, accepted: 5 });
  });

  test("a restore: what guests asked for holds on", () => {
    const all = host([clock([0])]);
    all.set(domain("a", [[0]]));
    all.ask("a", 0, "min");
    const before = seen(all);
    all.done(all.arbiter.rollback(all.arbiter.operate(0, "restore", by("alice")), refused(0)));
    expect(seen(all)).toEqual(before);
  });
});

describe("where answers of the kernel come late", () => {
  test("a request that was replaced and then refused is not what the newer one falls back to", () => {
    const all = host([clock([0])]);
    all.set(domain("a", [[0]]));
    all.ask("a", 0, "down");
    const min = all.arbiter.scale("a", request(0, "min"), at(2));
    const max = all.arbiter.scale("a", request(0, "max"), at(3));
    all.arbiter.rollback(min, refused(0));
    all.arbiter.rollback(max, refused(0));
    expect(all.arbiter.vcpu("a", 0)).toMatchObject({ asked: "down", clocks: [{ khz: 2_300_000 }] });
  });

  test("nothing is believed before it was committed, and nothing is written twice meanwhile", () => {
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

test("what follows from a fact and was refused is written again, where and when it is due", () => {
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
