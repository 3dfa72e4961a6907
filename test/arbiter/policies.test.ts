import { describe, expect, test } from "bun:test";
import type { Contract } from "../../src/arbiter/view.ts";
import { PRECEDENCE } from "../../src/arbiter/want.ts";
import { AMD, by, type clock, FREE, PSTATE } from "./fixture.ts";
import { moment, order, time, vm, workload } from "./policy-fixture.ts";

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

test("a change of a policy is dry only in a dry run", () => {
  const isDry = (contract: Contract) =>
    vm(1, contract).arbiter.policies.set("a", order(workload("min")), moment(0)).dry;
  expect([isDry(FREE), isDry({ ...FREE, dryRun: true })]).toEqual([false, true]);
});
