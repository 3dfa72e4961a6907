import { expect, test } from "bun:test";
import { at, by, clock, domain, FREE } from "./fixture.ts";
import { HOUR_MS, moment, order, TRAFFIC, time, vm, workload } from "./policy-fixture.ts";

test("policies are numbered from 1, and tell when they came, by whom, and what they want", () => {
  const { policy, arbiter, set, done } = vm();
  policy(workload("medium"));
  arbiter.policies.set("a", order(workload("min"), [0], { by: "root" }), moment(2));
  const common = { vm: "a", resources: [0], physical: false, packetsPerSecond: undefined, isAllowed: true };
  const own = {
    ...common,
    id: 1,
    atMs: 0,
    by: undefined,
    rule: workload("medium"),
    speed: "medium",
  } as const;
  const added = {
    ...{ ...common, id: 2, atMs: 2 * HOUR_MS, by: "root" },
    ...{ rule: workload("min"), speed: "min" as const },
  };
  expect(arbiter.policies.list()).toEqual([added, own]);
  set(domain("a", [[0]]), { ...FREE, policies: [] });
  const suspended = { isAllowed: false, speed: undefined };
  expect(arbiter.policies.list()).toEqual([
    { ...added, ...suspended },
    { ...own, ...suspended },
  ]);
  done(arbiter.policies.remove("a", 2));
  done(arbiter.policies.remove("a"));
  expect([arbiter.policies.list(), arbiter.policies.isEmpty]).toEqual([[], true]);
});

test("a guest's policy counts behind those of operators, whenever it comes", () => {
  const { policy, khz } = vm();
  policy(workload("min"), [0], { by: "root" });
  policy(workload("max"));
  expect(khz()).toBe(1_200_000);
});

test("a tick tells which policies want something else, with what they want", () => {
  const { policy, arbiter } = vm(2);
  policy(time({ 1: "max" }), [0]);
  policy(workload("min"), [1], { by: "root" });
  const turned = (hour: number) =>
    arbiter.tick(moment(hour).now, moment(hour).local).turned?.map(({ id, speed }) => [id, speed]);
  expect([turned(0), turned(1), turned(1), turned(2)]).toEqual([[], [[1, "max"]], [], [[1, undefined]]]);
  expect(arbiter.tick(at(9)).turned).toEqual([]);
});

test("the next hour is due as long as any policy depends on the time, and at once when the hour is over", () => {
  const { policy, arbiter, hour } = vm(2);
  policy(time({ 1: "max" }), [0]);
  policy(workload("min"), [1], { by: "root" });
  hour(1);
  expect(arbiter.dueAt()).toBe(2 * HOUR_MS);
  arbiter.tick({ monoMs: 500, wallMs: 7 * HOUR_MS }, { hour: 6, endsAtMs: 7 * HOUR_MS - 1 });
  expect(arbiter.dueAt()).toBe(500);
});

test("traffic decides in the hours that a plan leaves to it, for each policy by its own measurements", () => {
  const { policy, arbiter, done, khz } = vm();
  policy(time({ 0: "traffic" }));
  expect(khz()).toBe("baseline");
  const [needing] = arbiter.policies.needingTraffic(moment(0).local);
  expect([needing?.id, needing?.isAllowed]).toEqual([1, true]);
  done(arbiter.policies.measured(new Map([[1, 5]]), moment(0)));
  expect(khz()).toBe(2_301_000);
  done(arbiter.policies.remove("a"));
  policy(TRAFFIC);
  done(arbiter.policies.measured(new Map([[2, 9000]]), moment(0)));
  // What was measured for the guest's says nothing about an operator's.
  policy(TRAFFIC, [0], { by: "root" });
  expect(arbiter.policies.list().map((each) => each.packetsPerSecond)).toEqual([undefined, 9000]);
});

test("a policy that did not change is not put again: neither over a restore, nor over a later request", () => {
  const { policy, arbiter, hour, done, set, ask, khz } = vm(2);
  policy(time({ 0: "min", 1: "min" }), [0], { by: "root" });
  set(domain("b", [[0]]));
  ask("b", 0, "max");
  policy(workload("min"), [1], { by: "root" });
  expect(arbiter.clock(0)?.last?.by).toEqual({ kind: "vcpu", vm: "b", vcpu: 0 });
  done(arbiter.removeDomain("b"));
  done(arbiter.operate(0, "restore", by("root")));
  hour(1);
  done(arbiter.endRequests("a"));
  done(arbiter.operate(0, "release", by("root")));
  expect(khz(0)).toBe("baseline");
});

test("the same policy sent again is a new one", () => {
  const { arbiter, done } = vm();
  for (const hour of [0, 1]) done(arbiter.policies.set("a", order(workload("min")), moment(hour)));
  expect([arbiter.vcpu("a", 0)?.askedAtMs, arbiter.policies.list().map(({ id }) => id)]).toEqual([
    HOUR_MS,
    [2],
  ]);
});

test("a policy holds again on a CPU that comes back, and what a schedule wants too", () => {
  const { policy, arbiter, done, khz } = vm(2);
  policy(workload("min"), [1]);
  done(arbiter.setClocks([clock([0])]));
  done(arbiter.setClocks([clock([0]), clock([1])]));
  expect(khz(1)).toBe(1_200_000);
});

test("of saved policies those of a VM without any are restored, with the speed that traffic had led to", () => {
  const saved = vm(2);
  saved.policy(TRAFFIC, [1]);
  saved.done(saved.arbiter.policies.measured(new Map([[1, 9000]]), moment(0)));
  const list = saved.arbiter.policies.saved();
  expect(list).toEqual([
    {
      vm: "a",
      rule: TRAFFIC,
      resources: [1],
      physical: false,
      by: undefined,
      atMs: 0,
      speed: "max",
      turbo: [[1, true]],
    },
  ]);
  const next = vm(2);
  const { policies } = next.arbiter;
  policies.resume("gone", list, moment(1));
  policies.resume("a", list, moment(1));
  expect([policies.list().map(({ vm, speed }) => [vm, speed]), next.arbiter.dueAt()]).toEqual([
    [["a", "max"]],
    undefined,
  ]);
  policies.resume("a", [], moment(1));
  expect(policies.list().length).toBe(1);
});

test("saved policies are restored up to the limit, and depend on the time as before", () => {
  const [saved] = (() => {
    const { policy, arbiter } = vm();
    policy(time({ 1: "max" }), [0], { by: "root" });
    return arbiter.policies.saved();
  })();
  if (saved === undefined) throw new Error("Nothing was saved");
  const { arbiter } = vm();
  const work = { ...saved, rule: workload("min") };
  arbiter.policies.resume("a", [...new Array(19).fill(work), saved], moment(1));
  expect([arbiter.policies.list().length, arbiter.dueAt()]).toEqual([16, undefined]);
  const other = vm();
  other.arbiter.policies.resume("a", [work, saved], moment(1));
  expect(other.arbiter.dueAt()).toBe(2 * HOUR_MS);
});
