import { expect, test } from "bun:test";
import type { Order } from "../../src/arbiter/view.ts";
import type { ScaleAction } from "../../src/wire/packet.ts";
import { ACPI, at, by, clock, domain, host, PSTATE, plain, request } from "./fixture.ts";

const speed = (id: number, index: number) => ({ clock: id, setting: index });

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
  const refusal = { code: "no-such-speed", pcpu: 0, minKhz: 1_200_000, maxKhz: 2_301_000 } as const;
  for (const khz of [1_199_999, 2_301_001])
    expect(arbiter.operate(0, { khz }, by("alice"))).toEqual({
      ...{ writes: [], refusal, dry: false, endedOrders: [] },
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
