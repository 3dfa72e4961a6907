import { expect, test } from "bun:test";
import { at, domain, FREE } from "./fixture.ts";
import { HOUR_MS, moment, order, TRAFFIC, time, vm, workload } from "./policy-fixture.ts";

test("time: each hour has what the plan says, and in an hour without a plan the policy wants nothing", () => {
  const { policy, hour, khz, arbiter } = vm();
  policy(time({ 3: "max", 4: "min", 5: "min" }));
  expect(khz()).toBe("baseline");
  const day = Array.from({ length: 7 }, (_, i) => {
    hour(i);
    return khz();
  });
  const free = "baseline";
  expect(day).toEqual([free, free, free, 2_301_000, 1_200_000, 1_200_000, free]);
  expect(arbiter.dueAt()).toBe(7 * HOUR_MS);
  arbiter.commit(arbiter.policies.remove("a"));
  expect(arbiter.dueAt()).toBeUndefined();
});

test("the next hour is due on the monotonic clock, however far the wall clock is from it", () => {
  const { arbiter } = vm();
  const now = { monoMs: 500, wallMs: 90 * HOUR_MS + 60_000 };
  const local = { hour: 18, endsAtMs: 91 * HOUR_MS };
  arbiter.commit(arbiter.policies.set("a", order(time({ 1: "max" })), { now, local }));
  expect(arbiter.dueAt()).toBe(500 + 59 * 60_000);
});

test("traffic: a measured rate chooses, and a source that vanishes falls back to the baseline", () => {
  const { policy, arbiter, done, khz } = vm();
  policy(TRAFFIC);
  expect(khz()).toBe("baseline");
  const [id = 0] = arbiter.policies.needingTraffic(moment(0).local).map((each) => each.id);
  const measured = (rate: number | undefined) => {
    done(arbiter.policies.measured(new Map([[id, rate]]), moment(0)));
    return khz();
  };
  expect([measured(1000), measured(9000), measured(undefined), measured(0)]).toEqual([
    1_700_000,
    2_301_000,
    "baseline",
    1_200_000,
  ]);
  // A guest that sends its policy again keeps what was measured.
  policy(TRAFFIC);
  expect(khz()).toBe(1_200_000);
});

test("only a policy by time is due at the next hour", () => {
  const { policy, hour, arbiter } = vm(2);
  policy(workload("min"), [0], { by: "root" });
  policy(TRAFFIC, [0], { by: "root" });
  expect(arbiter.dueAt()).toBeUndefined();
  policy(time({ 1: "max" }), [1], { by: "root" });
  expect(arbiter.dueAt()).toBe(HOUR_MS);
  arbiter.commit(arbiter.policies.remove("a", arbiter.policies.list("a")[0]?.id));
  hour(1);
  expect(arbiter.dueAt()).toBeUndefined();
});

test("traffic is measured for VMs that run, by policies that their contract allows, in the hours that need it", () => {
  const { policy, arbiter, set, done } = vm();
  const hours = (...of: readonly number[]) =>
    of.map((hour) => arbiter.policies.needingTraffic(moment(hour).local).length);
  policy(time({ 0: "max", 1: "traffic" }));
  expect(hours(0, 1, 2)).toEqual([0, 1, 0]);
  policy(TRAFFIC);
  expect(hours(0)).toEqual([1]);
  set(domain("a", [[0]], "paused"));
  expect(hours(0)).toEqual([0]);
  set(domain("a", [[0]]), { ...FREE, policies: ["time"] });
  expect(hours(0)).toEqual([0]);
  set(domain("a", [[0]]));
  // A rate of another policy says nothing about this one.
  const [id = 0] = arbiter.policies.needingTraffic(moment(0).local).map((each) => each.id);
  done(arbiter.policies.measured(new Map([[id, 9000]]), moment(0)));
  done(arbiter.policies.measured(new Map([[id + 1, 0]]), moment(0)));
  expect(arbiter.clock(0)?.speed?.khz).toBe(2_301_000);
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
