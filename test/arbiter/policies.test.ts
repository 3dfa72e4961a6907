import { describe, expect, test } from "bun:test";
import type { Contract } from "../../src/arbiter/view.ts";
import { PRECEDENCE } from "../../src/arbiter/want.ts";
import { AMD, at, by, type clock, domain, FREE, PSTATE, plain, request } from "./fixture.ts";
import { HOUR_MS, moment, order, TRAFFIC, time, vm, workload } from "./policy-fixture.ts";

test("a workload is the highest, the middle and the lowest entry of the table, with each driver", () => {
  const speeds = (table: Parameters<typeof clock>[1]) =>
    (["max", "medium", "min"] as const).map((speed) => {
      const { policy, khz } = vm(1, FREE, table);
      policy(workload(speed));
      return khz();
    });
  // Of n entries the middle one is n/2, the entry of turbo counted.
  expect([speeds(undefined), speeds(PSTATE), speeds(AMD)]).toEqual([
    [2_301_000, 1_700_000, 1_200_000],
    [2_100_000, 2_000_000, 1_800_000],
    [3_600_000, 3_000_000, 1_000_000],
  ]);
});

test("a policy is bounded by the contract, as a request is", () => {
  const contract = { ...FREE, maxKhz: 2_000_000, minKhz: 1_400_000 };
  const { policy, khz, arbiter } = vm(1, contract);
  policy(workload("max"));
  expect(khz()).toBe(2_000_000);
  expect(arbiter.vcpu("a", 0)?.clocks[0]?.rule).toEqual({ kind: "bounded", by: "MaxKhz" });
  policy(workload("min"));
  expect(khz()).toBe(1_400_000);
});

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

describe("precedence", () => {
  const LOW = 1_200_000;
  test("is the table of ARCHITECTURE", () => {
    expect(PRECEDENCE).toEqual(["operator", "request", "lease", "guest-policy", "schedule", "parked"]);
  });

  test("a later request counts before the policy, and when it ends the policy counts again", () => {
    const { policy, ask, arbiter, khz } = vm();
    policy(workload("min"));
    ask("a", 0, "max");
    expect([khz(), arbiter.vcpu("a", 0)?.asked]).toEqual([2_301_000, "max"]);
    arbiter.commit(arbiter.endRequests("a"));
    // The guest's own policy ends with its channels too; an operator's stays.
    expect(khz()).toBe("baseline");
    policy(workload("min"), [0], { by: "root" });
    ask("a", 0, "max");
    arbiter.commit(arbiter.endRequests("a"));
    expect([khz(), arbiter.vcpu("a", 0)?.asked]).toEqual([LOW, "policy workload"]);
  });

  test("a policy that the guest sends ends its own earlier requests: an unmodified send_policy is obeyed", () => {
    const { policy, ask, khz } = vm(2);
    ask("a", 0, "max");
    ask("a", 1, "max");
    policy(workload("min"), [0]);
    expect([khz(0), khz(1)]).toEqual([LOW, 2_301_000]);
  });

  test("an operator's hold stands above it, and after its release the policy holds", () => {
    const { policy, arbiter, done, khz } = vm();
    done(arbiter.operate(0, "max", by("root", { hold: true })));
    policy(workload("min"));
    expect(khz()).toBe(2_301_000);
    done(arbiter.operate(0, "release", by("root")));
    expect(khz()).toBe(LOW);
  });

  test("a step of the guest starts from where its policy is", () => {
    const { policy, ask, khz } = vm();
    policy(workload("medium"));
    ask("a", 0, "up");
    expect(khz()).toBe(2_000_000);
  });

  test("a policy an operator added counts before the guest's; in hours that it leaves open the guest's counts", () => {
    const { policy, hour, khz } = vm();
    policy(workload("min"));
    policy(time({ 3: "max" }), [0], { by: "root" });
    hour(3);
    expect(khz()).toBe(2_301_000);
    hour(4);
    expect(khz()).toBe(LOW);
    policy(workload("medium"));
    expect(khz()).toBe(1_700_000);
  });

  test("without turbo, which the guest switched off, max is the highest speed without it", () => {
    const { policy, ask, khz } = vm();
    ask("a", 0, "no-turbo");
    policy(workload("max"));
    expect(khz()).toBe(2_300_000);
    policy(workload("min"));
    policy(workload("max"));
    expect(khz()).toBe(2_300_000);
  });

  test("turbo stays off over hours in which nothing is wanted, and over a restart", () => {
    const { policy, ask, hour, khz, arbiter } = vm();
    ask("a", 0, "no-turbo");
    policy(time({ 0: "min", 2: "max" }));
    hour(1);
    expect(khz()).toBe("baseline");
    hour(2);
    expect(khz()).toBe(2_300_000);
    const next = vm();
    next.arbiter.policies.resume("a", arbiter.policies.saved(), moment(2));
    next.arbiter.distrust();
    next.done(next.arbiter.outstanding());
    expect(next.khz()).toBe(2_300_000);
  });
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

describe("policies that operators added", () => {
  test("the newest counts, each can be removed by its number, and the guest's stays", () => {
    const { policy, arbiter, done, khz } = vm();
    policy(workload("medium"));
    policy(workload("min"), [0], { by: "root" });
    policy(workload("max"), [0], { by: "alice" });
    const ids = arbiter.policies.list().map(({ id }) => id);
    expect([khz(), new Set(ids).size]).toEqual([2_301_000, 3]);
    const [newest = 0] = ids;
    done(arbiter.policies.remove("a", newest));
    expect([khz(), arbiter.policies.list().map(({ by }) => by)]).toEqual([1_200_000, ["root", undefined]]);
    done(arbiter.policies.remove("a", 999));
    done(arbiter.policies.remove("a"));
    expect([khz(), arbiter.policies.list().map(({ by }) => by)]).toEqual([1_200_000, ["root"]]);
  });

  test("they do not end what the guest asked for, which still counts before them", () => {
    const { policy, ask, khz } = vm();
    ask("a", 0, "min");
    expect([policy(workload("max"), [0], { by: "root" }), khz()]).toEqual([[], 1_200_000]);
  });
});

test("a clock's last request may be a policy, with who sent it", () => {
  const { policy, arbiter } = vm();
  policy(workload("min"));
  expect(arbiter.clock(0)?.last).toMatchObject({
    by: { kind: "vcpu", vm: "a", vcpu: 0 },
    asked: "policy workload",
    accepted: true,
  });
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

test("a change of a policy is dry only in a dry run", () => {
  const isDry = (contract: Contract) =>
    vm(1, contract).arbiter.policies.set("a", order(workload("min")), moment(0)).dry;
  expect([isDry(FREE), isDry({ ...FREE, dryRun: true })]).toEqual([false, true]);
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
