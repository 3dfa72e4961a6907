import { expect, test } from "bun:test";
import { momentArgument } from "../../src/ctl/moment-argument.ts";
import { HISTORY } from "../admin/sample-control.ts";
import { ctlWith } from "./harness.ts";

const WIDE = { isTty: true, columns: 140 };
const NOW_MS = new Date(2026, 10, 28, 12, 30).getTime();

test("a time is a time of day that has passed, a date, both, or how long ago it was", () => {
  const at = (text: string) => momentArgument(text, NOW_MS);
  expect(at("03:10")).toBe(new Date(2026, 10, 28, 3, 10).getTime());
  expect(at("13:00:05")).toBe(new Date(2026, 10, 27, 13, 0, 5).getTime());
  expect(at("2026-11-20")).toBe(new Date(2026, 10, 20).getTime());
  expect(at("2026-11-20 4:05")).toBe(new Date(2026, 10, 20, 4, 5).getTime());
  expect(at("2026-11-20T04:05")).toBe(new Date(2026, 10, 20, 4, 5).getTime());
  expect(at("2h")).toBe(NOW_MS - 7_200_000);
  expect(at("now")).toBe(NOW_MS);
  for (const wrong of [
    "",
    "yesterday",
    "25:00",
    "3",
    "2026-02-30",
    "2026-13-01",
    "03:60",
    "03:10:99",
    "-1h",
    "0h",
  ])
    expect(() => at(wrong)).toThrow(/is not a time/);
});

test("events --since shows the past, a heading for each day, and what was left out", async () => {
  let asked: Record<string, unknown> = {};
  const GetHistory = (choice: object) => {
    asked = { ...choice };
    return HISTORY;
  };
  const { code, out } = await ctlWith(
    { GetHistory },
    ["events", "--since", "2023-11-14 00:00", "--until", "2023-11-15", "--vm", "web.1"],
    WIDE,
  );
  const ms = (...date: [number, number, number]) => new Date(...date).getTime();
  expect(asked).toEqual({ vm: "web.1", fromMs: ms(2023, 10, 14), toMs: ms(2023, 10, 15) });
  const [left, day, speed, gone] = Bun.stripANSI(out)
    .split("\n")
    .map((line) => line.replace(/^\d\d:\d\d:\d\d/, "TIME"));
  expect([code, left, day, speed, gone]).toEqual([
    0,
    "(3 older events left out: ask for a shorter time)",
    expect.stringMatching(/^2023-11-1[45]$/),
    "TIME speed    CPU 2 at 1.200 GHz: for web.1:0; web.1:0 asked min (as asked: the highest claim on this clock)",
    "TIME vm       web.1 is gone (destroyed): its claims end",
  ]);
});

test("events of a time that is not kept say so", async () => {
  const nothing = await ctlWith(
    { GetHistory: () => ({ events: [], omitted: 0 }) },
    "events --since 1h",
    WIDE,
  );
  expect(nothing.out).toBe(
    "No event of this time is remembered\nNothing is remembered: set HistoryMegabytes= in vm-power.conf(5)\n",
  );
  const wrong = await ctlWith({}, "events --since soon", WIDE);
  expect([wrong.code, wrong.err]).toEqual([
    2,
    expect.stringContaining('--since: "soon" is not a time like 03:10, "2026-11-28 03:10", 2h (ago) or now'),
  ]);
});

test("why --at names the speed of that time, the one before, the next one, and what happened", async () => {
  const [slow, gone] = HISTORY.events as [(typeof HISTORY.events)[0], (typeof HISTORY.events)[0]];
  const fast = {
    ...slow,
    atMs: slow.atMs - 60_000,
    message: "CPU 2 at 2.300 GHz: for web.1:0",
    khz: 2_300_000,
  };
  const next = {
    ...slow,
    atMs: slow.atMs + 300_000,
    message: "CPU 2 at its own settings: nobody claims it",
  };
  const other = { ...slow, pcpu: 7, users: ["db:0"], message: "CPU 7 at 3 GHz" };
  const GetHistory = () => ({ ...HISTORY, events: [fast, slow, other, gone, next] });
  const date = new Date(slow.atMs + 200_000);
  const pad = (value: number) => `${value}`.padStart(2, "0");
  const at = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  const { code, out } = await ctlWith({ GetHistory }, ["why", "web.1:0", "--at", at], {
    isTty: true,
    columns: 200,
  });
  const said = Bun.stripANSI(out)
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "WHEN")
    .replaceAll(/ {2,}/g, " ");
  expect([code, said.split("\n")]).toEqual([
    0,
    [
      "web.1:0 at WHEN",
      " Speed WHEN CPU 2 at 1.200 GHz: for web.1:0; web.1:0 asked min (as asked: the highest claim on this clock)",
      " Before WHEN CPU 2 at 2.300 GHz: for web.1:0",
      " Then WHEN CPU 2 at its own settings: nobody claims it",
      " Event WHEN web.1 is gone (destroyed): its claims end",
      "",
    ],
  ]);
  const early = await ctlWith({ GetHistory: () => HISTORY }, ["why", "cpu9", "--at", "2001-01-01"], WIDE);
  expect(early.out).toMatch(/not known: events are remembered since 2/);
});
