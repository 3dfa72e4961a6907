import { describe, expect, test } from "bun:test";
import { ACPI, at, by, clock, domain, FREE, host, NO_TURBO, request } from "./fixture.ts";

const baseline = (id: number) => [{ clock: id, setting: "baseline" as const }];
const speed = (id: number, index: number) => [{ clock: id, setting: index }];

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
      speed(2, 5),
      speed(2, 0),
      [], // a is still at the highest speed
      speed(2, 5), // b stood at min, so a step down leaves it there
    ]);
  });

  test("a vCPU that is pinned there and never asked is not slowed down", () => {
    const { arbiter, ask, done, set } = host([clock([2, 3])]);
    set(domain("a", [[2]]));
    set(domain("silent", [[3]]));
    expect(ask("a", 0, "min")).toEqual([]);
    expect(arbiter.clock(2)?.accepted).toBe("baseline");
    expect(done(arbiter.removeDomain("silent"))).toEqual(speed(2, 5));
  });

  test("a claim at or above the baseline wins over a vCPU that never asked", () => {
    const { ask, set } = host([clock([2, 3], ACPI, 1_700_000)]);
    set(domain("a", [[2]]));
    set(domain("silent", [[3]]));
    expect([ask("a", 0, "max"), ask("a", 0, "min")]).toEqual([speed(2, 0), baseline(2)]);
  });

  test("a vCPU that is not pinned and never asked does not hold the baseline", () => {
    const { ask, set } = host([clock([2]), clock([3])]);
    set(domain("a", [[2]]));
    set(domain("floating", [[2, 3]]));
    expect(ask("a", 0, "min")).toEqual(speed(2, 5));
  });

  test("nothing is written before the first request", () => {
    const { arbiter, done, set } = host([clock([0]), clock([1])]);
    expect(set(domain("a", [[0], [1]]))).toEqual([]);
    expect(done(arbiter.removeDomain("a"))).toEqual([]);
  });
});

describe("placement of vCPUs", () => {
  test("a vCPU pinned to several CPUs scales all of them; with more than MultiPinMax it is refused (R19)", () => {
    const { ask, set } = host([0, 1, 2, 3, 4].map((pcpu) => clock([pcpu])));
    set(domain("a", [[0, 1], [0, 1, 2, 3, 4], []]));
    expect([ask("a", 0, "min"), ask("a", 1, "min"), ask("a", 2, "min"), ask("a", 3, "min")]).toEqual([
      [...speed(0, 5), ...speed(1, 5)],
      "not-pinned",
      "vcpu-offline",
      "vcpu-out-of-range",
    ]);
  });

  test("MultiPin=last scales the CPU with the highest number, reject none", () => {
    const last = host([clock([0]), clock([1])], { multiPin: "last", multiPinMax: 4 } as never);
    last.set(domain("a", [[0, 1]]));
    expect(last.ask("a", 0, "min")).toEqual(speed(1, 5));
    const reject = host([clock([0]), clock([1])], { multiPin: "reject", multiPinMax: 4 } as never);
    reject.set(domain("a", [[0, 1]]));
    expect(reject.ask("a", 0, "min")).toBe("not-pinned");
  });

  test("a refusal has the values that an operator needs to repair it", () => {
    const { arbiter, set } = host([clock([0])]);
    set(domain("web1", [[0, 1, 2, 3, 4, 5]]));
    expect(arbiter.scale("web1", request(0, "min"), at(0)).refusal).toEqual({
      code: "not-pinned",
      vcpu: 0,
      pcpus: [0, 1, 2, 3, 4, 5],
      max: 4,
    });
  });

  test("a vCPU on an unmanaged CPU is refused, also if another of its CPUs is managed", () => {
    const { ask, set } = host([clock([0])]);
    set(domain("a", [[7], [0, 7]]));
    expect([ask("a", 0, "min"), ask("a", 1, "min")]).toEqual(["cpu-not-managed", "cpu-not-managed"]);
  });

  test("a request for a reserved CPU is refused with that reason, whoever asks", () => {
    const { ask, set, done, arbiter } = host([clock([0])]);
    done(arbiter.setClocks([clock([0])], [1, 2]));
    set(domain("a", [[1], [0, 2]]), { ...FREE, physicalCores: true });
    expect([
      ask("a", 0, "min"),
      ask("a", 1, "max"),
      ask("a", 2, "max", true),
      ask("a", 3, "max", true),
    ]).toEqual(["cpu-reserved", "cpu-reserved", "cpu-reserved", "cpu-not-managed"]);
    expect(arbiter.operate(1, "max", by("root")).refusal).toEqual({ code: "cpu-reserved", pcpu: 1 });
  });

  test("a CPU that is offline is refused, though its clock is managed and named after it", () => {
    const { ask, set } = host([{ ...clock([2, 3]), pcpus: [3] }]);
    set(domain("a", [[2], [2, 3], [3]]));
    set(domain("b", []), { ...FREE, physicalCores: true });
    const physical = [2, 3].map((pcpu) => ask("b", pcpu, "min", true));
    expect([ask("a", 0, "min"), ask("a", 1, "min"), ...physical, ask("a", 2, "max")]).toEqual([
      "cpu-not-managed",
      "cpu-not-managed",
      "cpu-not-managed",
      [],
      speed(2, 0),
    ]);
  });

  test("a claim follows its vCPU to another CPU", () => {
    const { ask, set } = host([clock([0]), clock([1], NO_TURBO)]);
    set(domain("a", [[0]]));
    ask("a", 0, "min");
    expect(set(domain("a", [[1]]))).toEqual([...baseline(0), ...speed(1, 1)]); // 1.2 GHz fits in 1.5
  });

  test("vCPU numbers beyond 32 bits are out of range", () => {
    const { ask, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    expect(ask("a", 2 ** 32, "min")).toBe("vcpu-out-of-range");
  });

  test("only a VM with PhysicalCores=yes may name physical CPUs, and such claims hold no baseline", () => {
    const { arbiter, ask, done, set } = host([clock([0]), clock([5])]);
    set(domain("a", [[0]]));
    set(domain("b", [[0]]), { ...FREE, physicalCores: true });
    expect([ask("a", 5, "min", true), ask("b", 5, "min", true), ask("b", 6, "min", true)]).toEqual([
      "physical-cpu",
      speed(5, 5),
      "cpu-not-managed",
    ]);
    expect(done(arbiter.removeDomain("b"))).toEqual(baseline(5));
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
      expect([end, writes]).toEqual([end, baseline(0)]);
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
    expect(ask("a", 0, "down")).toEqual(speed(0, 1));
  });
});

test("replaced clocks are written once for all their claims", () => {
  const { arbiter, ask, done, set } = host([clock([0, 1])]);
  set(domain("a", [[0]]));
  set(domain("silent", [[1]]));
  ask("a", 0, "min");
  expect(done(arbiter.setClocks([clock([0, 1])]))).toEqual([]); // a's claim came along, and so did the silent neighbour
  done(arbiter.removeDomain("silent"));
  expect(done(arbiter.setClocks([clock([0, 1])]))).toEqual(speed(0, 5));
});

describe("an operator", () => {
  const order = by("alice");
  test("has precedence over claims; without hold until a guest's request, whose step starts from it", () => {
    const { arbiter, ask, done, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    ask("a", 0, "max");
    expect(done(arbiter.operate(0, "min", order))).toEqual(speed(0, 5));
    expect(ask("a", 0, "up")).toEqual(speed(0, 4));
  });

  test("with hold overrides guests until release, when their latest requests take effect", () => {
    const { arbiter, ask, done, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    expect(done(arbiter.operate(0, { khz: 1_650_000 }, by("alice", { hold: true })))).toEqual(speed(0, 3));
    expect([ask("a", 0, "max"), ask("a", 0, "down")]).toEqual([[], []]);
    expect(done(arbiter.operate(0, "release", order))).toEqual(speed(0, 1));
  });

  test("steps from the current speed, and gets an error for a CPU or speed that does not exist", () => {
    const { arbiter, done } = host([clock([0], NO_TURBO)]);
    expect([
      done(arbiter.operate(0, "down", order)),
      arbiter.operate(0, "turbo", order).refusal,
      arbiter.operate(0, { khz: 3_000_000 }, order).refusal,
      arbiter.operate(9, "min", order).refusal,
      done(arbiter.operate(0, "restore", order)),
    ]).toEqual([
      speed(0, 1),
      { code: "no-turbo", pcpu: 0 },
      { code: "no-such-speed", pcpu: 0, minKhz: 1_000_000, maxKhz: 2_000_000 },
      { code: "cpu-not-managed", pcpu: 9 },
      baseline(0),
    ]);
  });

  test("can restore a CPU: every claim on it ends, and nothing is written until the next request", () => {
    const { arbiter, ask, done, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    ask("a", 0, "min");
    expect(done(arbiter.operate(0, "restore", order))).toEqual(baseline(0));
    expect(ask("a", 0, "down")).toEqual(speed(0, 1));
  });

  test("gets any speed on a clock that can be set to any, and else the next higher one; a guest's step starts there", () => {
    const { arbiter, ask, done, set } = host([{ ...clock([0]), anySpeed: true }, clock([1])]);
    set(domain("a", [[0]]));
    const order1650 = (cpu: number) => done(arbiter.operate(cpu, { khz: 1_650_000 }, order));
    expect([order1650(0), order1650(1)]).toEqual([
      [{ clock: 0, setting: { khz: 1_650_000 } }],
      speed(1, 3), // 1.7 GHz
    ]);
    expect(arbiter.clock(0)).toMatchObject({
      speed: { khz: 1_650_000 },
      shouldKhz: 1_650_000,
      order: { khz: 1_650_000 },
    });
    done(arbiter.setClocks([{ ...clock([0]), anySpeed: true }, clock([1])]));
    expect(arbiter.clock(0)?.order?.khz).toBe(1_650_000);
    expect(ask("a", 0, "down")).toEqual(speed(0, 4)); // 1.4 GHz
  });

  test("keeps the speed of an order when the CPU gets another table", () => {
    const { arbiter, done } = host([clock([0])]);
    done(arbiter.operate(0, { khz: 1_400_000 }, by("alice", { hold: true })));
    done(arbiter.setClocks([clock([0], NO_TURBO)]));
    expect(arbiter.clock(0)?.order).toMatchObject({ khz: 1_500_000, hold: true, who: "alice" });
  });
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

test("an operator's order for a CPU without a clock is refused, with the reason", () => {
  const { arbiter, done } = host([clock([0])]);
  done(arbiter.setClocks([clock([0])], [6]));
  const refusalFor = (pcpu: number) => arbiter.operate(pcpu, "min", by("root")).refusal;
  expect([refusalFor(5), refusalFor(6), refusalFor(0)]).toEqual([
    { code: "cpu-not-managed", pcpu: 5 },
    { code: "cpu-reserved", pcpu: 6 },
    undefined,
  ]);
});

test("the names of the domains that are served are told, those that went not", () => {
  const { arbiter, set, done } = host([clock([0])]);
  for (const name of ["b", "a", "c"]) set(domain(name, [[0]]));
  done(arbiter.removeDomain("a"));
  expect(arbiter.domainNames()).toEqual(["b", "c"]);
});
