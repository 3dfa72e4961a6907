import { describe, expect, test } from "bun:test";
import type { Contract } from "../../src/arbiter/view.ts";
import { ACPI, at, by, clock, domain, FREE, host, NO_TURBO, request } from "./fixture.ts";

const PHYSICAL: Contract = { ...FREE, physicalCores: true };

test("a vCPU is shown with its pins, what it wants on each clock, and what it gets", () => {
  const { arbiter, set, ask, done } = host([clock([2]), clock([3], NO_TURBO)]);
  set(domain("a", [[2, 3], [7]]));
  ask("a", 0, "max");
  const on = (id: number, khz: number, turbo: boolean) => ({
    ...{ clock: id, khz, turbo, due: undefined, untilMs: undefined, schedule: undefined },
    ...{ grantedKhz: khz, refused: false, rule: { kind: "as-asked" } as const },
  });
  const shown = { vcpu: 0, pcpus: [2, 3], problem: undefined, asked: "max", askedAtMs: 1000 };
  expect(arbiter.vcpu("a", 0)).toEqual({
    ...{ ...shown, refused: undefined, clocks: [on(2, 2_301_000, true), on(3, 2_000_000, false)] },
  });
  const problem = { code: "cpu-not-managed", pcpu: 7 } as const;
  expect(arbiter.vcpu("a", 1)).toEqual({
    ...{ vcpu: 1, pcpus: [7], problem, asked: undefined, askedAtMs: 0, clocks: [], refused: undefined },
  });
  expect(arbiter.domain("a")).toMatchObject({ vcpus: 2, claims: 1 });
  // It has a claim as long as it wants something on any of its clocks.
  done(arbiter.operate(2, "restore", by("root")));
  expect(arbiter.domain("a")).toMatchObject({ vcpus: 2, claims: 1 });
});

test("a grant is told with the rule that bounds it, if one does", () => {
  const { arbiter, set, ask } = host([clock([0, 1])]);
  set(domain("a", [[0]]));
  ask("a", 0, "min");
  expect(arbiter.grantOf("a", request(0, "min"))).toEqual({ khz: 1_200_000, bound: undefined });
  set(domain("b", [[1]]));
  ask("b", 0, "max");
  const holder = { kind: "vcpu", vm: "b", vcpu: 0 } as const;
  const bound = { kind: "outbid", holder, khz: 2_301_000 } as const;
  expect(arbiter.grantOf("a", request(0, "min"))).toEqual({ khz: 2_301_000, bound });
});

test("the last request is explained for the one that made it, whoever else is on the clock", () => {
  const everybody = [
    ["a", 0, false],
    ["a", 1, false],
    ["b", 0, false],
    ["p", 0, true],
    ["p", 1, true],
    ["q", 0, true],
  ] as const;
  const rules = everybody.map(([asker, resource, physical]) => {
    const { arbiter, set, ask } = host([clock([0, 1])]);
    const place = (name: string) =>
      set(domain(name, name === "a" ? [[0], [1]] : name === "b" ? [[1]] : []), PHYSICAL);
    for (const name of ["a", "b", "p", "q"]) place(name);
    for (const [name, other, isPhysical] of everybody) ask(name, other, "min", isPhysical);
    ask(asker, resource, "max", physical);
    // Its claims are other ones from now on, behind those of the others.
    place(asker);
    return arbiter.clock(0)?.last?.rule;
  });
  expect(rules).toEqual(everybody.map(() => ({ kind: "as-asked" })));
});

test("the last request of a VM that is gone is explained by those that are left", () => {
  const { arbiter, set, ask, done } = host([clock([0, 1])]);
  set(domain("a", [[0]]));
  set(domain("b", [[1]]));
  for (const name of ["b", "a"]) ask(name, 0, "min");
  done(arbiter.removeDomain("a"));
  const holder = { kind: "vcpu", vm: "b", vcpu: 0 } as const;
  expect(arbiter.clock(0)?.last?.rule).toEqual({ kind: "outbid", holder, khz: 1_200_000 });
});

describe("of equals", () => {
  test("the clock is set for the claim that was there first, and none bounds another", () => {
    const { arbiter, set, ask, done } = host([clock([0, 1])]);
    set(domain("a", [[0]]));
    set(domain("b", [[1]]));
    ask("b", 0, "min");
    const change = arbiter.scale("a", request(0, "min"), at(2000));
    const holder = { kind: "vcpu", vm: "a", vcpu: 0 } as const;
    expect(change.writes).toEqual([{ clock: 0, setting: 5, holder }]);
    done(change);
    const rules = ["a", "b"].map((name) => arbiter.vcpu(name, 0)?.clocks[0]?.rule);
    expect(rules).toEqual([{ kind: "as-asked" }, { kind: "as-asked" }]);
  });

  test("the vCPU without a request that was there first is named", () => {
    const { arbiter, set, ask } = host([clock([0, 1, 2])]);
    for (const [pcpu, name] of ["a", "b", "c"].entries()) set(domain(name, [[pcpu]]));
    ask("c", 0, "min");
    const holder = { kind: "vcpu", vm: "a", vcpu: 0 } as const;
    expect(arbiter.clock(0)?.last?.rule).toEqual({ kind: "silent", holder, self: false });
  });

  test("a claim comes before a schedule for the clock, beside a vCPU without a request", () => {
    const { arbiter, set, ask, done } = host([clock([0, 1])]);
    set(domain("a", [[0]]));
    set(domain("silent", [[1]]));
    ask("a", 0, "min");
    const night = { name: "s", want: "min", pcpus: [0], sinceMs: 0, untilMs: undefined } as const;
    done(arbiter.tick(at(1), undefined, { inForce: [night], dueMs: undefined }));
    expect(arbiter.vcpu("a", 0)?.clocks[0]?.rule).toEqual({ kind: "as-asked" });
  });
});

test("beside a vCPU without a request the baseline holds against slower claims: never against the highest entry", () => {
  const setting = (baselineKhz: number, downs: number) => {
    const { arbiter, set, ask } = host([clock([0, 1], ACPI, baselineKhz)]);
    set(domain("a", [[0]]));
    set(domain("silent", [[1]]));
    ask("a", 0, "max");
    for (let i = 0; i < downs; i++) ask("a", 0, "down");
    return arbiter.clock(0)?.should;
  };
  expect([
    setting(2_301_000, 1),
    setting(1_700_000, 3),
    setting(1_700_001, 3),
    // The table's highest entry is turbo, and no figure of it is the real speed.
    setting(3_500_000, 0),
  ]).toEqual(["baseline", 3, "baseline", 0]);
});

test("a clock that is found again keeps its state, also by the number of a CPU that is offline", () => {
  const zero = { ...clock([0, 1]), pcpus: [1] };
  const { arbiter, set, ask, done } = host([zero]);
  set(domain("a", [[1]]));
  ask("a", 0, "min");
  expect(arbiter.clock(1)?.accepted).toBe(5);
  expect(done(arbiter.setClocks([zero, clock([2])]))).toEqual([]);
  expect([arbiter.clock(0)?.accepted, arbiter.clock(1)?.accepted]).toEqual([5, 5]);
});

test("a vCPU keeps what it wants on each of its clocks", () => {
  const { set, ask } = host([clock([0]), clock([1], NO_TURBO)]);
  set(domain("a", [[0, 1]]));
  ask("a", 0, "down");
  expect(set(domain("a", [[0, 1]]))).toEqual([]);
});

test("a guest that names CPUs of the host is their holder as long as its contract lets it", () => {
  const { arbiter, set, ask } = host([clock([0]), clock([5])]);
  set(domain("b", [[0]]), PHYSICAL);
  ask("b", 5, "min", true);
  const holder = { kind: "pcpu", vm: "b", pcpu: 5 } as const;
  expect(arbiter.clock(5)?.claims).toEqual([{ holder, khz: 1_200_000, pinned: false }]);
  set(domain("b", [[0]]), { ...PHYSICAL, turbo: false });
  ask("b", 0, "turbo", true);
  // The refusal is that of a CPU, not of the vCPU with its number.
  expect(arbiter.vcpu("b", 0)?.refused).toBeUndefined();
  expect(set(domain("b", [[0]]))).toEqual([{ clock: 5, setting: "baseline" }]);
});

describe("MultiPin", () => {
  const refusal = (pinning: Parameters<typeof host>[1], pins: readonly number[]) => {
    const { arbiter, set } = host(
      [0, 1, 2].map((pcpu) => clock([pcpu])),
      pinning,
    );
    set(domain("a", [pins]));
    return arbiter.vcpu("a", 0)?.problem;
  };
  test("lets a vCPU have as many CPUs as are allowed, and tells how many these are", () => {
    const all = (max: number, pins: readonly number[]) =>
      refusal({ multiPin: "all", multiPinMax: max } as never, pins);
    const reject = (pins: readonly number[]) =>
      refusal({ multiPin: "reject", multiPinMax: 3 } as never, pins);
    const notPinned = { code: "not-pinned", vcpu: 0 } as const;
    expect([all(2, [0, 1]), all(2, [0, 1, 2]), reject([2]), reject([0, 1])]).toEqual([
      undefined,
      { ...notPinned, pcpus: [0, 1, 2], max: 2 },
      undefined,
      { ...notPinned, pcpus: [0, 1], max: 1 },
    ]);
  });

  test("that changes places every vCPU again", () => {
    const { arbiter, set, ask, done } = host([clock([0]), clock([1])]);
    set(domain("a", [[0, 1]]));
    ask("a", 0, "min");
    expect(done(arbiter.configure({ multiPin: "last", multiPinMax: 4 }))).toEqual([
      { clock: 0, setting: "baseline" },
    ]);
    expect(ask("a", 0, "max")).toEqual([{ clock: 1, setting: 0 }]);
  });
});
