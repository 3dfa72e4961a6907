import { describe, expect, test } from "bun:test";
import type { Order } from "../../src/arbiter/view.ts";
import type { ScaleAction } from "../../src/wire/packet.ts";
import {
  ACPI,
  at,
  baseline,
  by,
  clock,
  domain,
  host,
  NO_TURBO,
  PSTATE,
  plain,
  request,
  speed,
} from "./fixture.ts";

test("an operator's order is the last request of its clock, in the words of the order", () => {
  const { arbiter, done } = host([clock([0])]);
  const last = (order: Order) => {
    const change = arbiter.operate(0, order, by("alice"));
    done(change);
    return [change.dry, arbiter.clock(0)?.last, arbiter.clock(0)?.order?.asked];
  };
  const common = { atMs: 2000, by: { kind: "operator", who: "alice" }, accepted: true } as const;
  const rule = { kind: "operator", hold: false, who: "alice" } as const;
  expect([last("min"), last({ khz: 1_650_000 }), last("release")]).toEqual([
    [false, { ...common, asked: "min", khz: 1_200_000, rule }, "min"],
    [false, { ...common, asked: "1.650 GHz", khz: 1_700_000, rule }, "1.650 GHz"],
    [false, { ...common, asked: "release", khz: undefined, rule: { kind: "nobody" } }, undefined],
  ]);
});

test("an order that cannot be carried out changes nothing", () => {
  const { arbiter } = host([clock([0])]);
  for (const khz of [1_199_999, 2_301_001])
    expect(arbiter.operate(0, { khz }, by("alice"))).toEqual({
      writes: [],
      refusal: { code: "no-such-speed", pcpu: 0, khz, minKhz: 1_200_000, maxKhz: 2_301_000 },
      dry: false,
      endedOrders: [],
    });
  expect(arbiter.clock(0)).toMatchObject({ order: undefined, last: undefined });
});

test("a step starts from the order in force, or else from what the kernel accepted", () => {
  const after = (table: typeof ACPI, actions: readonly ScaleAction[], orders: readonly Order[]) => {
    const { arbiter, set, ask, done } = host([clock([0], table)]);
    set(domain("a", [[0]]));
    for (const action of actions) ask("a", 0, action);
    for (const order of orders) done(arbiter.operate(0, order, by("alice", { hold: true })));
    return arbiter.clock(0)?.speed?.khz;
  };
  expect([
    after(ACPI, ["min"], ["max"]),
    after(ACPI, ["min"], ["up"]),
    // Turbo that an order switched off stays so.
    after(ACPI, ["min"], ["no-turbo", "max"]),
    // Turbo of intel_pstate is off, unless a guest has it.
    after(PSTATE, ["turbo", "max"], ["max"]),
    after(PSTATE, ["max"], ["max"]),
  ]).toEqual([2_301_000, 1_400_000, 2_300_000, 3_500_000, 2_100_000]);
});

test("without an order a step starts from the baseline, whatever speed that is", () => {
  const { arbiter, done } = host([clock([0], ACPI, 1_700_000)]);
  expect(done(arbiter.operate(0, "down", by("alice")))).toEqual([speed(0, 4)]);
});

test("only a speed between two entries is set exactly, and only on a clock that takes any", () => {
  const any = { ...clock([0]), anySpeed: true };
  const { arbiter, done } = host([any]);
  const order = (what: Order) => done(arbiter.operate(0, what, by("alice", { hold: true })));
  expect([order({ khz: 1_700_000 }), order("min"), order({ khz: 1_650_000 })]).toEqual([
    [speed(0, 3)],
    [speed(0, 5)],
    [{ clock: 0, setting: { khz: 1_650_000 } }],
  ]);
  done(arbiter.setClocks([clock([0])]));
  expect(arbiter.clock(0)?.order?.khz).toBe(1_700_000);
});

test("an order is written again over another program's setting", () => {
  const { arbiter, done } = host([clock([0])]);
  const order = () => done(arbiter.operate(0, "min", by("alice")));
  expect([order(), order()]).toEqual([[speed(0, 5)], []]);
  arbiter.yielded(0);
  expect([order(), order()]).toEqual([[speed(0, 5)], []]);
});

test("a request ends the orders without hold on all its clocks, and the end of an order is told once", () => {
  const { arbiter, set, done } = host([clock([0]), clock([1])]);
  set(domain("a", [[0, 1]]));
  for (const cpu of [0, 1]) done(arbiter.operate(cpu, "min", by("alice", { untilMs: 5000 })));
  const change = arbiter.scale("a", request(0, "max"), at(3000));
  expect(change.endedOrders).toEqual([0, 1]);
  done(change);
  done(arbiter.operate(0, "min", by("alice", { hold: true, untilMs: 5000 })));
  done(arbiter.setClocks([clock([0]), clock([1])]));
  const ended = arbiter.tick(at(5000));
  expect([plain(ended), ended.endedOrders]).toEqual([[speed(0, 0)], [0]]);
});

describe("an operator", () => {
  const order = by("alice");
  test("has precedence over claims; without hold until a guest's request, whose step starts from it", () => {
    const { arbiter, ask, done, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    ask("a", 0, "max");
    expect(done(arbiter.operate(0, "min", order))).toEqual([speed(0, 5)]);
    expect(ask("a", 0, "up")).toEqual([speed(0, 4)]);
  });

  test("with hold overrides guests until release, when their latest requests take effect", () => {
    const { arbiter, ask, done, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    expect(done(arbiter.operate(0, { khz: 1_650_000 }, by("alice", { hold: true })))).toEqual([speed(0, 3)]);
    expect([ask("a", 0, "max"), ask("a", 0, "down")]).toEqual([[], []]);
    expect(done(arbiter.operate(0, "release", order))).toEqual([speed(0, 1)]);
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
      [speed(0, 1)],
      { code: "no-turbo", pcpu: 0 },
      { code: "no-such-speed", pcpu: 0, khz: 3_000_000, minKhz: 1_000_000, maxKhz: 2_000_000 },
      { code: "cpu-not-managed", pcpu: 9 },
      [baseline(0)],
    ]);
  });

  test("can restore a CPU: every claim on it ends, and nothing is written until the next request", () => {
    const { arbiter, ask, done, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    ask("a", 0, "min");
    expect(done(arbiter.operate(0, "restore", order))).toEqual([baseline(0)]);
    expect(ask("a", 0, "down")).toEqual([speed(0, 1)]);
  });

  test("gets any speed on a clock that can be set to any, and else the next higher one; a guest's step starts there", () => {
    const { arbiter, ask, done, set } = host([{ ...clock([0]), anySpeed: true }, clock([1])]);
    set(domain("a", [[0]]));
    const order1650 = (cpu: number) => done(arbiter.operate(cpu, { khz: 1_650_000 }, order));
    expect([order1650(0), order1650(1)]).toEqual([
      [{ clock: 0, setting: { khz: 1_650_000 } }],
      [speed(1, 3)], // 1.7 GHz
    ]);
    expect(arbiter.clock(0)).toMatchObject({
      speed: { khz: 1_650_000 },
      shouldKhz: 1_650_000,
      order: { khz: 1_650_000 },
    });
    done(arbiter.setClocks([{ ...clock([0]), anySpeed: true }, clock([1])]));
    expect(arbiter.clock(0)?.order?.khz).toBe(1_650_000);
    expect(ask("a", 0, "down")).toEqual([speed(0, 4)]); // 1.4 GHz
  });

  test("keeps the speed of an order when the CPU gets another table", () => {
    const { arbiter, done } = host([clock([0])]);
    done(arbiter.operate(0, { khz: 1_400_000 }, by("alice", { hold: true })));
    done(arbiter.setClocks([clock([0], NO_TURBO)]));
    expect(arbiter.clock(0)?.order).toMatchObject({ khz: 1_500_000, hold: true, who: "alice" });
  });
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
