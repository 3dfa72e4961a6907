import { describe, expect, test } from "bun:test";
import { at, by, clock, domain, FREE, plain, request } from "./fixture.ts";
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

describe("the store", () => {
  test("a guest has one policy: the next one replaces it on every vCPU", () => {
    const { policy, arbiter, khz } = vm(3);
    policy(workload("min"), [0, 1]);
    policy(workload("medium"), [1, 2]);
    expect([khz(0), khz(1), khz(2)]).toEqual(["baseline", 1_700_000, 1_700_000]);
    expect(arbiter.policies.list().map(({ resources, speed }) => [resources, speed])).toEqual([
      [[1, 2], "medium"],
    ]);
  });

  test("there is a limit for each VM, and every VM has its own: nobody fills the table of another (S4, S5)", () => {
    const { policy, arbiter, set, done } = vm(2);
    set(domain("b", [[0]]));
    expect(arbiter.policies.isEmpty).toBe(true);
    done(arbiter.policies.set("b", order(workload("min")), moment(0)));
    expect(arbiter.policies.isEmpty).toBe(false);
    for (let i = 0; i < 100; i++) policy(workload("max"));
    for (let i = 0; i < 15; i++) policy(workload("max"), [1], { by: "root" });
    expect(policy(workload("max"), [1], { by: "root" })).toBe("too-many-policies");
    expect([policy(workload("max")), arbiter.policies.list("a").length]).toEqual([[], 16]);
    expect(arbiter.policies.list("b").length).toBe(1);
    done(arbiter.policies.remove("a"));
    expect(arbiter.policies.list("b").length).toBe(1);
  });

  test("ACK means stored: what cannot be, is refused whole and leaves the policy before (R17, S3, S8)", () => {
    const { policy, arbiter } = vm(2, { ...FREE, policies: ["workload"] });
    policy(workload("min"));
    const before = arbiter.policies.list();
    expect([
      policy(workload("max"), [0, 2]),
      policy(workload("max"), [255]),
      policy(workload("max"), [0], { physical: true }),
      policy(time({ 1: "max" })),
      policy(TRAFFIC),
      arbiter.policies.set("nobody", order(workload("max")), moment(0)).refusal?.code,
    ]).toEqual([
      "vcpu-out-of-range",
      "vcpu-out-of-range",
      "physical-cpu",
      "policy-forbidden",
      "policy-forbidden",
      "unknown-domain",
    ]);
    expect(arbiter.policies.list()).toEqual(before);
  });

  test("a write that the kernel refuses takes the policy back, and the requests that it ended hold again", () => {
    const { policy, ask, arbiter, done, khz } = vm(2);
    policy(workload("medium"), [1]);
    ask("a", 0, "min");
    const change = arbiter.policies.set("a", order(workload("max"), [0, 1]), moment(1));
    expect(plain(change).length).toBe(2);
    done(arbiter.rollback(change, { accepted: 1, reason: "EIO", now: at(5) }));
    expect([khz(0), khz(1)]).toEqual([1_200_000, 1_700_000]);
    expect(arbiter.policies.list().map(({ rule }) => rule)).toEqual([workload("medium")]);
    expect(arbiter.vcpu("a", 0)?.asked).toBe("min");
  });

  test("a contract that forbids its kind suspends a policy, and one that allows it lets it hold again", () => {
    const { policy, set, khz, arbiter } = vm();
    policy(workload("min"));
    set(domain("a", [[0]]), { ...FREE, policies: [] });
    expect([khz(), arbiter.policies.list()[0]?.isAllowed]).toEqual(["baseline", false]);
    set(domain("a", [[0]]), FREE);
    expect(khz()).toBe(1_200_000);
  });

  test("it ends with the VM, and with the VM's run, even if nobody told that it ended (R5)", () => {
    const { policy, set, arbiter, done, khz } = vm();
    policy(workload("min"), [0], { by: "root" });
    done(arbiter.removeDomain("a"));
    set(domain("a", [[0]]));
    expect([khz(), arbiter.policies.list()]).toEqual(["baseline", []]);
    set({ ...domain("a", [[0]]), run: "1" });
    policy(workload("min"));
    set({ ...domain("a", [[0]]), run: "2" });
    expect([khz(), arbiter.policies.list()]).toEqual(["baseline", []]);
  });

  test("a paused VM's policy rests and holds again; it moves with its vCPU", () => {
    const { policy, set, khz } = vm(2);
    policy(workload("min"), [0]);
    set(domain("a", [[0], [1]], "paused"));
    expect(khz()).toBe("baseline");
    set(domain("a", [[1], [0]]));
    expect([khz(0), khz(1)]).toEqual(["baseline", 1_200_000]);
  });

  test("an operator's restore gives back the settings until the policy wants something else", () => {
    const { policy, arbiter, done, hour, khz } = vm();
    policy(time({ 0: "min", 1: "min", 2: "max" }));
    done(arbiter.operate(0, "restore", by("root")));
    hour(1);
    expect(khz()).toBe("baseline");
    hour(2);
    expect(khz()).toBe(2_301_000);
  });

  test("what a daemon saved, the next one restores, judged by the contract of now", () => {
    const saved = vm(2);
    saved.policy(time({ 0: "min", 1: "max" }), [1]);
    saved.policy(workload("medium"), [0], { by: "root" });
    const next = vm(2);
    next.arbiter.policies.resume("a", saved.arbiter.policies.saved(), moment(1));
    next.arbiter.distrust();
    next.done(next.arbiter.outstanding());
    expect([next.khz(0), next.khz(1)]).toEqual([1_700_000, 2_301_000]);
    const strict = vm(1, { ...FREE, policies: ["workload"] });
    strict.arbiter.policies.resume("a", saved.arbiter.policies.saved(), moment(1));
    strict.arbiter.distrust();
    strict.done(strict.arbiter.outstanding());
    expect(strict.khz(0)).toBe(1_700_000);
  });

  test("a dry run stores the policy, and changes nothing", () => {
    const { policy, arbiter, khz } = vm(1, { ...FREE, dryRun: true });
    expect(policy(workload("min"))).toEqual([]);
    expect([khz(), arbiter.policies.list().length]).toEqual(["baseline", 1]);
    expect(arbiter.scale("a", request(0, "min"), at(1)).dry).toBe(true);
  });
});
