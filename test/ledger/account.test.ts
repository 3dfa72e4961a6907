import { expect, test } from "bun:test";
import fc from "fast-check";
import { Account, type Interval } from "../../src/ledger/account.ts";
import { blockText, readAccount, readSpan, spanText } from "../../src/ledger/account-text.ts";
import { addSpan, emptySpan, OTHERS, type Span, VMS_MAX } from "../../src/ledger/span.ts";
import { NO_USE, type Use } from "../../src/ledger/use.ts";
import { NO_DIFFERENCE, type VmUse } from "../../src/ledger/vm-use.ts";
import "../seed.ts";

const used = (use: Use): VmUse => ({ use, baseline: NO_DIFFERENCE, max: NO_DIFFERENCE });

/** Ten seconds in which two VMs ran, one for twice as long. */
function interval(wallMs: number, more: Partial<Interval> = {}): Interval {
  return {
    seconds: 10,
    wallMs,
    joules: 600,
    metered: 600,
    isExact: true,
    vms: new Map([
      ["web1", used({ ghzS: 20, ghz3S: 80, turboS: 0 })],
      ["db1", used({ ghzS: 10, ghz3S: 40, turboS: 0 })],
    ]),
    host: { ghzS: 2, ghz3S: 8, turboS: 0 },
    cpus: 4,
    ...more,
  };
}

function sumOf({ idle, host, vms }: Span): number {
  return [...vms.values()].reduce((sum, { joules }) => sum + joules, idle + host);
}

/** All spans since a time in one. */
function since(account: Account, sinceMs: number): Span {
  const spans = account.between(sinceMs, Number.POSITIVE_INFINITY);
  const sum = emptySpan(spans[0]?.fromMs ?? sinceMs);
  for (const span of spans) addSpan(sum, span);
  return sum;
}

function linesOf({ state: { total, minutes, hours, blocks } }: Account): string[] {
  return [
    spanText("total", total),
    ...minutes.map((span) => spanText("minute", span)),
    ...hours.map((span) => spanText("hour", span)),
    ...blocks.map(blockText),
  ];
}

test("an account that is younger than an hour has minutes, whatever time is asked for; an older one hours before", () => {
  const account = new Account(0);
  const lengths = (sinceMs: number) =>
    account.between(sinceMs, Number.POSITIVE_INFINITY).map(({ fromMs, toMs }) => (toMs - fromMs) / 60_000);
  const playUntil = (minutes: number) => {
    for (
      let seconds = Math.round(account.state.total.toMs / 1000) + 30;
      seconds <= minutes * 60;
      seconds += 30
    )
      account.add(interval(1000 * seconds, { seconds: 30 }));
  };
  playUntil(2.5);
  expect(lengths(-24 * 3_600_000)).toEqual([0.5, 1, 1]);
  playUntil(119.5);
  expect(lengths(0)).toEqual([59.5, 60]);
  expect(lengths(117 * 60_000)).toEqual([1, 1, 1]);
});

test("all VMs, the host and idle are together what was measured, whoever did what", () => {
  const amount = fc.double({ min: 0, max: 1e6, noNaN: true });
  const use = fc.record({ ghzS: amount, ghz3S: amount, turboS: fc.constant(0) });
  fc.assert(
    fc.property(fc.array(use, { maxLength: 8 }), use, fc.option(amount), (vms, host, joules) => {
      const account = new Account(0);
      const named = new Map(vms.map((each, i) => [`vm${i}`, used(each)]));
      account.add(interval(10_000, { vms: named, host, joules: joules ?? undefined }));
      const { total } = account.state;
      if (joules !== null) expect(total.joules).toBe(joules);
      expect(Math.abs(sumOf(total) - total.joules)).toBeLessThanOrEqual(1e-9 * (1 + total.joules));
      expect(
        Math.min(total.idle, total.host, ...[...total.vms.values()].map((vm) => vm.joules)),
      ).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("a VM that ran for twice as long at the same speed has twice the joules", () => {
  const account = new Account(0);
  account.add(interval(10_000));
  const { vms } = account.state.total;
  expect(vms.get("web1")?.joules).toBeCloseTo(2 * (vms.get("db1")?.joules ?? 0));
});

test("without a meter the model alone tells, and nothing is metered", () => {
  const account = new Account(0);
  account.add(interval(10_000, { joules: undefined, metered: 0, isExact: false }));
  const { joules, metered } = account.state.total;
  // Four CPUs of 2 W, and 32 GHz·s and 128 GHz³·s of a typical server.
  expect(joules).toBeCloseTo(4 * 2 * 10 + 0.8 * 32 + 0.3 * 128);
  expect(metered).toBe(0);
});

test("since() sums minutes of the last hour, and hours before", () => {
  const account = new Account(0);
  for (let ms = 10_000; ms <= 5 * 3_600_000; ms += 10_000) account.add(interval(ms));
  const tenMinutes = since(account, 5 * 3_600_000 - 600_000);
  expect([tenMinutes.fromMs, tenMinutes.toMs]).toEqual([17_390_000, 18_000_000]);
  expect(tenMinutes.joules).toBeCloseTo(61 * 600);
  const threeHours = since(account, 2 * 3_600_000);
  expect([threeHours.fromMs, threeHours.joules]).toEqual([7_190_000, 1081 * 600]);
  expect(since(account, 0).joules).toBe(1800 * 600);
  // Later than anything that is known.
  expect(since(account, 9e9).joules).toBe(0);
});

test("an account has a bounded size, however long and however many VMs", () => {
  const account = new Account(0);
  for (let i = 1; i <= 1100; i++) {
    const vms = new Map(
      Array.from({ length: 20 }, (_, j) => [`vm${i * 7 + j}`, used({ ...NO_USE, ghzS: 1 })] as const),
    );
    account.add(interval(600_000 * i, { vms }));
  }
  const { total, minutes, hours, blocks } = account.state;
  expect([minutes.length <= 61, hours.length <= 169, blocks.length]).toEqual([true, true, 144]);
  expect(total.vms.size).toBe(VMS_MAX + 1);
  expect(total.vms.has(OTHERS)).toBe(true);
  expect(sumOf(total)).toBeCloseTo(1100 * 600, 3);
  expect(linesOf(account).join("\n").length).toBeLessThan(2_000_000);
});

test("a clock that is set back loses nothing", () => {
  const account = new Account(0);
  account.add(interval(7_200_000));
  account.add(interval(3_600_000));
  expect(account.state.hours.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [7_190_000, 7_200_000],
    [3_590_000, 3_600_000],
  ]);
  expect(since(account, 0).joules).toBe(1200);
});

test("an account that is written and read again is the same", () => {
  const account = new Account(0);
  for (let ms = 10_000; ms <= 3_700_000; ms += 10_000) account.add(interval(ms));
  const again = readAccount(linesOf(account));
  expect(linesOf(new Account(0, again))).toEqual(linesOf(account));
  expect(again?.total.vms.get("web1")?.joules).toBeCloseTo(
    account.state.total.vms.get("web1")?.joules ?? 0,
    3,
  );
});

test("joules of cores are kept with those of a VM, change no share, and need nothing of an older account", () => {
  const web1 = used({ ghzS: 20, ghz3S: 80, turboS: 0 });
  const db1 = used({ ghzS: 10, ghz3S: 40, turboS: 0 });
  const account = new Account(0);
  account.add(interval(10_000));
  const before = account.state.total.vms.get("web1")?.joules ?? 0;
  for (const coreJoules of [120.5, undefined, 9.5])
    account.add(
      interval(20_000, {
        vms: new Map([
          ["web1", { ...web1, coreJoules }],
          ["db1", db1],
        ]),
      }),
    );
  const { total } = account.state;
  expect(total.vms.get("web1")?.joules).toBeCloseTo(4 * before);
  const line = spanText("total", total);
  expect(line).toEndWith(',"cores":{"web1":130}}');
  const cores = (text: string) =>
    [...(readAccount([text])?.total.vms ?? [])].map(([vm, { coreJoules }]) => [vm, coreJoules]);
  expect(cores(line)).toEqual([
    ["web1", 130],
    ["db1", undefined],
  ]);
  expect(cores(line.replace(',"cores":{"web1":130}', ""))).toEqual([
    ["web1", undefined],
    ["db1", undefined],
  ]);
});

test("readSpan() reads one line of a span, and nothing else", () => {
  const line =
    '{"kind":"hour","sums":[1,2,3,4,5,6],"vms":{"web1":[1,2,3,4,5,6,7,8,9,10,11,12,13]},"cores":{"web1":7}}';
  expect(readSpan(line)).toEqual({
    ...{ fromMs: 1, toMs: 2, joules: 3, metered: 4, idle: 5, host: 6 },
    vms: new Map([["web1", expect.objectContaining({ joules: 1, coreJoules: 7 })]]),
  });
  for (const wrong of ["", "{", "5", line.slice(0, -1)]) expect(readSpan(wrong)).toBeUndefined();
});

test("readAccount() refuses what is no account", () => {
  const total = spanText("total", new Account(5).state.total);
  expect(readAccount([total])?.total.fromMs).toBe(5);
  for (const wrong of [
    [],
    ["{"],
    [total, "null"],
    [total, '{"kind":"year","sums":[0,0,0,0,0,0],"vms":{}}'],
    [total, '{"kind":"hour","sums":[0,0,0,0,0],"vms":{}}'],
    [total, '{"kind":"hour","sums":[0,0,0,0,0,"6"],"vms":{}}'],
    [total, '{"kind":"hour","sums":[0,0,0,0,0,0],"vms":{"web1":[1,2]}}'],
    [total, '{"kind":"hour","sums":[0,0,0,0,0,0],"vms":{},"cores":{"web1":"5"}}'],
    [total, '{"kind":"hour","sums":[0,0,0,0,0,0],"vms":{},"cores":5}'],
    [total, '{"kind":"block","sums":[1,2,3]}'],
    [total, '{"kind":"block"}'],
    [total, `{"kind":"block","sums":[${new Array(23).fill('"1"').join()}]}`],
    [total, '{"kind":"hour","sums":[0,0,0,0,0,1e999],"vms":{}}'],
  ])
    expect(readAccount(wrong)).toBeUndefined();
});
