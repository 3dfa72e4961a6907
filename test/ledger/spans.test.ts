import { expect, test } from "bun:test";
import { Account, type Interval } from "../../src/ledger/account.ts";
import { readAccount, spanText } from "../../src/ledger/account-text.ts";
import { addSpan, emptySpan, type Span, type VmAccount } from "../../src/ledger/span.ts";
import { NO_USE } from "../../src/ledger/use.ts";
import { NO_DIFFERENCE, type VmUse } from "../../src/ledger/vm-use.ts";
import { blocksOf, exact } from "./fit-blocks.ts";

const HOUR_MS = 3_600_000;
const work = (ghzS: number): VmUse => ({
  use: { ghzS, ghz3S: 4 * ghzS, turboS: 0 },
  ...{ baseline: NO_DIFFERENCE, max: NO_DIFFERENCE },
});

/** Ten seconds with 60 W. */
function interval(wallMs: number, more: Partial<Interval> = {}): Interval {
  return {
    ...{ seconds: 10, wallMs, joules: 600, metered: 500, isExact: true, cpus: 4 },
    vms: new Map([
      ["a", work(20)],
      ["b", work(10)],
    ]),
    host: { ghzS: 2, ghz3S: 8, turboS: 0 },
    ...more,
  };
}

const many = (count: number) =>
  new Map(Array.from({ length: count }, (_, i) => [`vm${i}`, work(1)] as const));

function span(fromMs: number, toMs: number): Span {
  return { ...emptySpan(fromMs), toMs };
}

test("an account keeps 61 minutes and 169 hours, and those whose VMs have 4096 and 8192 accounts", () => {
  const few = new Account(0);
  for (let i = 1; i <= 175; i++) few.add(interval(i * HOUR_MS));
  expect([few.state.minutes.length, few.state.hours.length]).toEqual([61, 169]);
  const account = new Account(0);
  for (let i = 1; i <= 70; i++) account.add(interval(i * HOUR_MS, { vms: many(128) }));
  expect([account.state.minutes.length, account.state.hours.length]).toEqual([32, 64]);
  account.add(interval(71 * HOUR_MS, { vms: many(129) }));
  expect([account.state.minutes.length, account.state.hours.length]).toEqual([31, 63]);
});

test("what ends at the same time is in the same span, and what meters told is told", () => {
  const account = new Account(0);
  for (const metered of [500, 100]) account.add(interval(10_000, { metered }));
  const { total, minutes, hours } = account.state;
  expect([minutes.length, hours.length, total.metered, minutes[0]?.metered]).toEqual([1, 1, 600, 600]);
});

test("between() gives the spans from that in which a time begins to the last that is mostly within it", () => {
  const [first, second, third] = [1e9, 1e9 + 60_000, 1e9 + 120_000].map((ms) => span(ms, ms + 60_000)) as [
    Span,
    Span,
    Span,
  ];
  const minutes = [first, second, third];
  const young = new Account(0, { total: first, minutes, hours: [span(1e9, 1e9 + 180_000)], blocks: [] });
  const from = (sinceMs: number, untilMs: number) => young.between(1e9 + sinceMs, 1e9 + untilMs);
  expect([
    from(-HOUR_MS, HOUR_MS),
    from(0, 90_000),
    from(0, 90_001),
    from(60_000, 150_001),
    from(59_999, 150_000),
  ]).toEqual([minutes, [first], [first, second], [second, third], [first, second]]);
  expect(new Account(0).between(-5, 5)).toEqual([]);
});

test("intervals that are known exactly are learned, in blocks of ten minutes", () => {
  const account = new Account(0);
  account.add(interval(605_000, { isExact: false }));
  account.add(interval(605_000, { joules: undefined }));
  expect(account.state.blocks).toEqual([]);
  for (const wallMs of [605_000, 1_195_000, 1_205_000]) account.add(interval(wallMs));
  const [block, next] = account.state.blocks;
  expect([block?.startMs, block?.count, next?.startMs, next?.count, account.state.blocks.length]).toEqual([
    ...[600_000, 2, 1_200_000, 1, 2],
  ]);
  // A mean of 3.2 GHz and of 12.8 GHz³, and 60 W.
  expect(next?.xx.slice(0, 8)).toEqual([1, 3.2, 12.8, 0, 3.2, 3.2 ** 2, 3.2 * 12.8, 0]);
  expect([next?.xy, next?.yy]).toEqual([[60, 192, 768, 0], 3600]);
});

test("the model that shares joules out is fitted with each block, from what was saved on", () => {
  const blocks = blocksOf(exact, 12);
  const account = new Account(0);
  expect(account.model(4).linear).toBe(0.8);
  for (let i = 0; i <= 12; i++)
    for (let j = 0; j < 10; j++) {
      const ghz = 1 + ((i * 7 + j * 3) % 11) / 10;
      const use = { use: { ghzS: 40 * ghz, ghz3S: 40 * ghz ** 3, turboS: 0 } };
      const vms = new Map([["a", { ...use, baseline: NO_DIFFERENCE, max: NO_DIFFERENCE }]]);
      account.add(interval(600_000 * i + 20_000 * j, { vms, host: NO_USE, joules: 10 * exact(ghz) }));
    }
  for (const each of [account, new Account(0, { total: span(0, 0), minutes: [], hours: [], blocks })]) {
    const { staticW, linear, cubic } = each.model(4);
    for (const [found, made] of [
      [staticW, 30],
      [linear, 1.5],
      [cubic, 0.5],
    ] as const)
      expect(found).toBeCloseTo(made);
  }
  const poor = blocksOf((ghz, i) => exact(ghz) + (i % 2) * 40, 12);
  expect(new Account(0, { total: span(0, 0), minutes: [], hours: [], blocks: poor }).model(4).linear).toBe(
    0.8,
  );
});

test("spans are added up, and of more than 200 VMs the one that was idle for the longest joins the others", () => {
  const account = (joules: number): VmAccount => ({ joules, baseline: NO_DIFFERENCE, max: NO_DIFFERENCE });
  const sum = span(0, 10);
  const more = { joules: 100, metered: 50, idle: 20, host: 10 };
  addSpan(sum, { ...span(5, 20), ...more, vms: new Map([["a", account(70)]]) });
  addSpan(sum, { ...span(0, 15), ...more, vms: new Map([["a", account(30)]]) });
  const added = { joules: 200, metered: 100, idle: 40, host: 20 };
  expect({ ...sum, vms: [...sum.vms] }).toEqual({
    ...{ fromMs: 0, toMs: 20, ...added, vms: [["a", { ...account(100), coreJoules: undefined }]] },
  });
  const full = span(0, 0);
  const add = (...names: string[]) => {
    for (const name of names) addSpan(full, { ...span(0, 0), vms: new Map([[name, account(1)]]) });
    return [full.vms.size, full.vms.get("(other)")?.joules];
  };
  expect([
    add(...Array.from({ length: 200 }, (_, i) => `vm${i}`), "vm0"),
    add("vm200"),
    add("vm0", "vm2"),
    add("vm201"),
    // Also where the others were idle for longer than all of these.
    add(...full.vms.keys().filter((name) => name !== "(other)"), "vm202"),
  ]).toEqual([
    [200, undefined],
    [201, 1],
    [201, 1],
    [201, 2],
    [201, 4],
  ]);
  expect(["vm0", "vm1", "vm2", "vm3"].map((name) => full.vms.get(name)?.joules)).toEqual([
    ...[4, undefined, 3, undefined],
  ]);
});

test("of more than 200 VMs that all run, 200 keep their accounts, and the further ones share one", () => {
  const account = new Account(0);
  for (let minute = 1; minute <= 3; minute++)
    account.add(interval(minute * 60_000, { vms: many(250), host: NO_USE }));
  const { vms, joules, idle } = account.state.total;
  const each = (joules - idle) / 250;
  const found = [...vms].map(([name, { joules: own }]) => [name, Math.round(own * 1e6)] as const);
  const equal = (name: string, count: number) => [name, Math.round(count * each * 1e6)] as const;
  expect(new Map(found)).toEqual(
    new Map([...Array.from({ length: 200 }, (_, i) => equal(`vm${i}`, 1)), equal("(other)", 50)]),
  );
  // One that has ended makes room for another one.
  const others = new Map([...many(250)].filter(([name]) => name !== "vm7"));
  account.add(interval(240_000, { vms: others, host: NO_USE }));
  expect([vms.size, vms.has("vm7"), vms.has("vm200"), vms.has("vm201")]).toEqual([201, false, true, false]);
});

test("the account of the others takes no VM's place", () => {
  const account: VmAccount = { joules: 1, baseline: NO_DIFFERENCE, max: NO_DIFFERENCE };
  const sum = span(0, 0);
  const names = ["(other)", ...Array.from({ length: 199 }, (_, i) => `vm${i}`)];
  addSpan(sum, { ...span(0, 0), vms: new Map(names.map((name) => [name, account])) });
  addSpan(sum, { ...span(0, 0), vms: new Map([["new", account]]) });
  expect([sum.vms.size, sum.vms.get("new")?.joules, sum.vms.get("(other)")?.joules]).toEqual([201, 1, 1]);
});

test("the line of a span has its sums to the fifth place, and thirteen numbers for each VM", () => {
  const use = (from: number) => ({ ghzS: from, ghz3S: from + 1, turboS: from + 2 });
  const vm: VmAccount = {
    joules: 1,
    baseline: { more: use(2), slack: use(5) },
    max: { more: use(8), slack: use(11) },
    coreJoules: undefined,
  };
  const of = {
    ...span(1, 2),
    joules: 3.123456785678,
    metered: 4,
    idle: 5,
    host: 6,
    vms: new Map([["web1", vm]]),
  };
  const line = '{"kind":"total","sums":[1,2,3.12346,4,5,6],"vms":{"web1":[1,2,3,4,5,6,7,8,9,10,11,12,13]}}';
  expect(spanText("total", of)).toBe(line);
  expect(readAccount([line])).toEqual({
    ...{ total: { ...of, joules: 3.12346 }, minutes: [], hours: [], blocks: [] },
  });
});
