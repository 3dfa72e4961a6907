import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ControlError } from "../../src/admin/control.ts";
import { ENERGY, HISTORY, USAGE } from "../admin/sample-control.ts";
import { MONDAY_MS, SimulatedWeek } from "../report/week.ts";
import { ctlWith } from "./harness.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const OF_WEEK = "--since 2026-11-16 --until 2026-11-23";

/** What a user of the host, or a guest, may have chosen to be called, or to be remembered as. */
const HOSTILE = `</td></table><script>alert("1")</script>&amp;'\x1b[31m\u202e`;

const SHOWN =
  "&lt;/td&gt;&lt;/table&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39;\\x1b[31m\\u{202e}";

let directory = "";
let week: SimulatedWeek;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-week-"));
  week = new SimulatedWeek(directory);
  week.play(7);
});

afterAll(() => rmSync(directory, { recursive: true }));

/** The elements of a page: names with their attributes. */
function tagsOf(page: string): string[] {
  return [...page.matchAll(/<([a-z!][^>]*)>/g)].map(([, tag = ""]) => tag);
}

test("a simulated week is a page of text: energy and savings, times, requests, and what the sources cannot tell", async () => {
  const { code, out } = await ctlWith(week.control, `report ${OF_WEEK}`);
  expect(code).toBe(0);
  const lines = out.split("\n");
  expect(lines.filter((text) => Bun.stringWidth(text) > 100)).toEqual([]);
  expect(lines[1]).toBe("2026-11-16 00:00:00 to 2026-11-23 00:00:00, 7 d");
  const heads = lines.filter((text) => /^(VM|WHO) /.test(text)).map((text) => text.replace(/ {2,}/g, "  "));
  expect(heads).toEqual([
    "VM  ENERGY  POWER  SAVED (95 %)  AGAINST MAX (95 %)",
    "VM  CHANGES  TIME OF ITS VCPUS",
    "WHO ASKED  REQUESTS  BOUNDED  HELD  REFUSED  P99 us  SLOWEST us  AT",
  ]);
  const row = (name: string) => lines.filter((text) => text.startsWith(`${name} `));
  expect(row("web1").length).toBe(3);
  // It never asked, and its CPU kept its own settings.
  expect(row("upf-1")[1]).toMatch(/ 0 {2}100 % at original settings$/);
  // Its contract ends at 2 GHz; the operator held a CPU of web1.
  expect(row("web2")[1]).toMatch(/% at 2\.000 GHz/);
  const hasBoundedAndHeld = (name: string) =>
    row(name)[2]
      ?.split(/ +/)
      .slice(2, 4)
      .map((each) => Number(each) > 0);
  expect(["web1", "web2", "db1"].map(hasBoundedAndHeld)).toEqual([
    [false, true],
    [true, false],
    [false, false],
  ]);
  expect(lines).toContain("Energy is metered by package-0, package-1.");
});

test("the sums of a week are those of its VMs, its host and idle, and its time is that of all CPUs", async () => {
  const choice = { fromMs: MONDAY_MS, toMs: MONDAY_MS + 7 * DAY_MS };
  const energy = week.control.GetEnergy({ seconds: 7 * 86_400, toMs: choice.toMs, points: true });
  const parts = energy.vms.reduce((sum, { joules }) => sum + joules, energy.idleJoules + energy.hostJoules);
  expect(Math.abs(parts / energy.joules - 1)).toBeLessThan(1e-3);
  const points = energy.points ?? [];
  // The last minute ends with the week, and so begins the next hour.
  expect(points.length).toBe(169);
  expect(points.reduce((sum, { joules }) => sum + joules, 0)).toBeCloseTo(energy.joules, 0);
  const tuesday = week.control.GetEnergy({ seconds: 86_400, toMs: MONDAY_MS + 2 * DAY_MS, points: true });
  expect([tuesday.fromMs, tuesday.toMs].map((ms) => Math.round((ms - MONDAY_MS) / 3_600_000))).toEqual([
    24, 48,
  ]);
  expect(tuesday.joules).toBeLessThan(energy.joules / 6);
  const usage = week.control.GetUsage(choice);
  const seconds = usage.host.states.reduce((sum, each) => sum + each.seconds, 0);
  // Sixteen CPUs, to a second of each state in a sample.
  expect(Math.abs(seconds / (16 * 7 * 86_400) - 1)).toBeLessThan(1e-3);
  expect([usage.points.length, usage.host.drifts]).toEqual([168, 6]);
});

test("--html is one page that loads nothing, with plots, for light, dark and paper", async () => {
  const { code, out } = await ctlWith(week.control, `report --html ${OF_WEEK}`);
  expect([code, out.startsWith("<!doctype html>\n"), out.endsWith("</html>\n")]).toEqual([0, true, true]);
  const tags = tagsOf(out);
  expect(
    tags.filter((tag) => /^(script|link|img|iframe|object|embed|base|form)\b|\b(src|href|on\w+)=/.test(tag)),
  ).toEqual([]);
  expect(out).not.toMatch(/url\(|@import|https?:/);
  expect(out).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  for (const media of ["prefers-color-scheme:dark", "@media print", "@page{size:A4"])
    expect(out).toContain(media);
  const labels = [...out.matchAll(/<svg viewBox[^>]*role="img" aria-label="([^"]*)"/g)].map(
    ([, label]) => label,
  );
  expect(labels).toEqual([
    "Power, W",
    "Time of CPUs by speed, %",
    "Requests, per hour",
    "Not as asked, per hour",
    "Slowest VM, p99, µs",
    "Disturbances, per hour",
  ]);
  // Each of its colours is defined.
  const classes = new Set([...out.matchAll(/<(?:path|rect|i) class="(\w+)"/g)].map(([, name = ""]) => name));
  expect([...classes].filter((name) => !out.includes(`.${name}{`))).toEqual([]);
  // One of a VM has its own plots, and not the host's.
  const { out: own } = await ctlWith(week.control, `report --html --vm web1 ${OF_WEEK}`);
  const energy = week.control.GetEnergy({ vm: "web1", seconds: 7 * 86_400, toMs: MONDAY_MS + 7 * DAY_MS });
  const saved = energy.vms[0]?.savedMax?.joules ?? 0;
  expect(own).toContain(
    `<span class="name">Saved against the highest speed</span><b>${(saved / 1e6).toFixed(2)} MJ</b>`,
  );
  expect([own.includes("web1 on "), own.includes("host’s own tasks"), own.includes("web2")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("what others chose as a name or made the daemon remember is text in a page, and nothing else", async () => {
  const [first] = USAGE.vms;
  if (first === undefined) throw new Error("no VM");
  const page = async (hostile: string) => {
    const control = {
      GetUsage: () => ({ ...USAGE, vms: [{ ...first, vm: hostile }] }),
      GetEnergy: () => ({
        ...ENERGY,
        ...{ meters: [hostile], problem: hostile, savedUnknown: hostile, savedBaseline: undefined },
        vms: [{ vm: hostile, joules: 1, watts: 1 }],
      }),
      GetHistory: () => ({ ...HISTORY, events: [{ atMs: 1, kind: "drift" as const, message: hostile }] }),
    };
    const { code, out } = await ctlWith(control, ["report", "--html", "--vm", hostile]);
    expect(code).toBe(0);
    return out;
  };
  const out = await page(HOSTILE);
  expect(out.split(SHOWN).length).toBeGreaterThan(7);
  expect(out.replaceAll(SHOWN, "")).not.toMatch(/alert|(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(tagsOf(out)).toEqual(tagsOf(await page("web1")));
});

test("what the sources cannot tell is said", async () => {
  const since = ["--since", "2023-11-01", "--until", "2023-11-15"];
  const told = async (control: Parameters<typeof ctlWith>[0]) => {
    const { code, out } = await ctlWith(control, ["report", ...since]);
    expect(code).toBe(0);
    return out
      .split("\n\n")
      .at(-1)
      ?.trimEnd()
      .replaceAll("\n  ", " ")
      .split("\n")
      .map((text) => text.replace(/\d\d:\d\d:\d\d/, "TIME"));
  };
  const noEnergy = () => {
    throw new ControlError("Refused", { reason: "No account of energy is kept (Meters=off)" });
  };
  expect(
    await told({
      GetEnergy: noEnergy,
      GetUsage: () => ({ ...USAGE, keptFromMs: undefined, points: [], vms: [] }),
    }),
  ).toEqual([
    "Energy is not known: No account of energy is kept (Meters=off).",
    "Requests, times and latencies of this time are not known: nothing is remembered yet, or HistoryMegabytes=0.",
    expect.stringMatching(/^Changes by other programs before 2023-11-03 TIME are only counted/),
    "3 older changes by other programs are left out.",
  ]);
  const rotated = { ...USAGE, omitted: 7 };
  const energy = {
    ...ENERGY,
    fromMs: Date.UTC(2023, 10, 14),
    toMs: Date.UTC(2023, 10, 15),
    meters: [],
    meteredJoules: 0,
  };
  expect(await told({ GetEnergy: () => energy, GetUsage: () => rotated })).toEqual([
    "Energy is modelled only, because this host has no meter that counts.",
    expect.stringMatching(/^The interval behind what was saved|^What was saved is not known/),
    ...[expect.stringMatching(/^Energy before 2023-11-1\d TIME is not known/)],
    expect.stringMatching(/^A meter is not used: package-2/),
    "The oldest 7 samples of this time are left out: ask for a shorter one.",
    expect.stringMatching(/^Requests, times and latencies before 2023-11-1\d TIME are not known/),
    "Time and changes are those of the speeds that the daemon set. One packet in eight is measured.",
    expect.stringMatching(/^Changes by other programs before 2023-11-03 TIME are only counted/),
    "3 older changes by other programs are left out.",
  ]);
});

test("report asks for a time that has a beginning and an end, and gives a page to a file only", async () => {
  const fails = async (command: string, io = {}) => {
    const { code, out, err } = await ctlWith({}, command, io);
    return [code, out, err.trimEnd()];
  };
  expect(await fails("report --since 1h --until 2h")).toEqual([
    2,
    "",
    "--since 1h is not before --until 2h: name an earlier time",
  ]);
  expect(await fails("report --html", { isTty: true })).toEqual([
    2,
    "",
    "A page is for a file: vmpowerctl report --html >report.html",
  ]);
  expect((await fails("report --html --json"))[2]).toBe(
    "--html prints a page and --json none: leave out one of them",
  );
  expect((await fails("report --html --hosts a,b"))[2]).toBe("--html is for one host: name one at a time");
  const { out } = await ctlWith({}, "--json report");
  expect(
    out
      .trimEnd()
      .split("\n")
      .map((text) => Object.keys(JSON.parse(text) as object)[1]),
  ).toEqual(["fromMs", "fromMs", "events"]);
});
