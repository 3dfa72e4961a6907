import { describe, expect, test } from "bun:test";
import { at, by, clock, domain, FREE, host, plain, request, speed } from "./fixture.ts";
import { moment, order, time, vm, workload } from "./policy-fixture.ts";

const refused = { accepted: 0, reason: "EBUSY", now: at(9000) };

test("what follows from an event, and a request that is not granted, cannot be rolled back", () => {
  const { arbiter, set, ask } = host([clock([0])]);
  set(domain("a", [[0]]));
  ask("a", 0, "min");
  const nothing = { writes: [], dry: false, endedOrders: [] };
  const ended = arbiter.endRequests("a");
  expect(ended).toEqual({
    ...{ ...nothing, refusal: undefined, writes: [{ clock: 0, setting: "baseline", holder: undefined }] },
  });
  expect(arbiter.rollback(ended, refused)).toEqual({ ...nothing, refusal: undefined });
  const unknown = arbiter.scale("b", request(0, "min"), at(9));
  expect(unknown).toEqual({ ...nothing, refusal: { code: "unknown-domain" } });
  expect(arbiter.rollback(unknown, refused)).toEqual({ ...nothing, refusal: undefined });
});

test("an order whose time is over while a request took its place comes back, and ends at once", () => {
  const { arbiter, set, done } = host([clock([0])]);
  set(domain("a", [[0]]));
  done(arbiter.operate(0, "min", by("alice", { untilMs: 5000 })));
  const change = arbiter.scale("a", request(0, "max"), at(4000));
  done(arbiter.tick(at(5000)));
  done(arbiter.rollback(change, refused));
  expect(arbiter.clock(0)?.order?.who).toBe("alice");
  expect([done(arbiter.tick(at(5001))), arbiter.clock(0)?.order]).toEqual([
    [{ clock: 0, setting: "baseline" }],
    undefined,
  ]);
});

test("a result for a clock that is gone meanwhile changes nothing", () => {
  for (const isRefused of [false, true]) {
    const { arbiter, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    const change = arbiter.scale("a", request(0, "min"), at(9));
    arbiter.commit(arbiter.setClocks([]));
    if (isRefused) expect(plain(arbiter.rollback(change, refused))).toEqual([]);
    else arbiter.commit(change);
    expect([arbiter.clock(0), plain(arbiter.outstanding())]).toEqual([undefined, []]);
  }
});

test("while a newer decision is under way, the result of the one before says nothing about the clock", () => {
  const { arbiter, set } = host([clock([0])]);
  set(domain("a", [[0]]));
  const min = arbiter.scale("a", request(0, "min"), at(9));
  const max = arbiter.scale("a", request(0, "max"), at(10));
  const accepted = [min, max].map((change) => {
    arbiter.commit(change);
    return [arbiter.clock(0)?.accepted, plain(arbiter.outstanding())];
  });
  expect(accepted).toEqual([
    ["baseline", []],
    [0, []],
  ]);
});

test("the result of a write tells again what a clock holds that was not known any more", () => {
  const { arbiter, set, done } = host([clock([0])]);
  set(domain("a", [[0]]));
  const change = arbiter.scale("a", request(0, "min"), at(9));
  arbiter.distrust();
  expect(arbiter.vcpu("a", 0)?.clocks[0]?.refused).toBe(true);
  done(change);
  expect([arbiter.clock(0)?.accepted, arbiter.vcpu("a", 0)?.clocks[0]?.refused]).toEqual([5, false]);
});

test("a setting that an event wrote is not another program's any more", () => {
  const { arbiter, set, ask } = host([clock([0])]);
  set(domain("a", [[0]]));
  ask("a", 0, "max");
  arbiter.yielded(0);
  expect(set(domain("a", [[0]]), { ...FREE, maxKhz: 1_700_000 })).toEqual([speed(0, 3)]);
  expect(ask("a", 0, "max")).toEqual([]);
});

describe("a guest policy that the kernel refuses", () => {
  test("leaves one that was put in force meanwhile", () => {
    const { arbiter, khz } = vm();
    const [first, second] = (["min", "medium"] as const).map((speed) =>
      arbiter.policies.set("a", order(workload(speed)), moment(0)),
    ) as [ReturnType<typeof arbiter.policies.set>, ReturnType<typeof arbiter.policies.set>];
    arbiter.rollback(first, refused);
    arbiter.commit(second);
    expect([arbiter.policies.list().map(({ speed }) => speed), khz()]).toEqual([["medium"], 1_700_000]);
  });

  test("is the last request of the clocks that it changed, and of no others", () => {
    const { arbiter, set, ask } = vm(2);
    set(domain("b", [[0]]));
    ask("b", 0, "max");
    ask("a", 1, "max");
    // In this hour it wants nothing, so that only the request of vCPU 1 ends.
    const change = arbiter.policies.set("a", order(time({ 5: "max" }), [0, 1]), moment(0));
    expect(plain(change)).toEqual([{ clock: 1, setting: "baseline" }]);
    arbiter.rollback(change, refused);
    expect([0, 1].map((cpu) => arbiter.clock(cpu)?.last?.accepted)).toEqual([true, false]);
  });

  test("leaves a clock for which nobody has asked without a last request", () => {
    const { arbiter, policy, hour, khz } = vm(2);
    policy(time({ 1: "min" }), [0]);
    hour(1);
    expect([khz(0), arbiter.clock(0)?.last]).toEqual([1_200_000, undefined]);
    const change = arbiter.policies.set("a", order(workload("max"), [1]), moment(1));
    expect(plain(change).length).toBe(2);
    arbiter.rollback(change, refused);
    expect([0, 1].map((cpu) => arbiter.clock(cpu)?.last?.accepted)).toEqual([undefined, false]);
  });
});

test("a limit is told for the first clock that has one", () => {
  const { arbiter, set, done } = host([clock([0]), clock([1])]);
  set(domain("a", [[0, 1]]));
  done(arbiter.operate(0, "min", by("alice", { hold: true })));
  expect(arbiter.scale("a", request(0, "max"), at(3000)).limit).toEqual({ kind: "held", clock: 0 });
});

test("a dry run writes nothing over another program's setting, and has no limit", () => {
  const { arbiter, set } = host([clock([0])]);
  set(domain("a", [[0]]), { ...FREE, dryRun: true, maxKhz: 1_700_000 });
  arbiter.yielded(0);
  const { writes, dry, limit } = arbiter.scale("a", request(0, "max"), at(9));
  expect([writes, dry, limit]).toEqual([[], true, undefined]);
  const holder = { kind: "vcpu", vm: "a", vcpu: 0 } as const;
  expect(arbiter.clock(0)?.last?.rule).toEqual({ kind: "dry-run", holder, khz: 1_700_000 });
});

test("a request's clock awaits a write from its decision until the result is known", () => {
  const { arbiter, set, done, ask } = host([clock([0]), clock([1])]);
  set(domain("a", [[0]]));
  set(domain("b", [[0]]));
  set(domain("c", [[1]]));
  ask("a", 0, "min");
  const awaits = () => ["a", "b", "c", "none"].filter((name) => arbiter.awaitsWrite(name, request(0, "max")));
  const first = arbiter.scale("b", request(0, "min"), at(1));
  expect([plain(first), awaits()]).toEqual([[speed(0, 5)], ["a", "b"]]);
  done(first);
  // It has the speed already, so nothing is written.
  arbiter.scale("a", request(0, "min"), at(2));
  expect(awaits()).toEqual([]);
  const refused = arbiter.scale("a", request(0, "max"), at(3));
  expect(awaits()).toEqual(["a", "b"]);
  done(arbiter.rollback(refused, { accepted: 0, reason: "EBUSY", now: at(3) }));
  expect(awaits()).toEqual([]);
});

test("a request that agrees with a decision which is not written yet is written, too: that one may be refused", () => {
  const { arbiter, set, ask } = host([clock([0])]);
  for (const name of ["a", "b"]) set(domain(name, [[0]]));
  for (const name of ["a", "b"]) ask(name, 0, "min");
  const written = (name: string, action: "min" | "max", ms: number) =>
    plain(arbiter.scale(name, request(0, action), at(ms)));
  expect(["a", "b"].map((name) => written(name, "max", 2000))).toEqual([[speed(0, 0)], [speed(0, 0)]]);
  // One for the speed that was accepted before both is written after them.
  expect([written("b", "min", 2001), written("a", "min", 2002)]).toEqual([[speed(0, 0)], [speed(0, 5)]]);
});
