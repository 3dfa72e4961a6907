import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import { EnergyFile, type FileTime } from "../../src/daemon/energy/energy-file.ts";
import { Account } from "../../src/ledger/account.ts";
import { NO_USE } from "../../src/ledger/use.ts";

let directory: string;
let lines: string[];
const line = (message: string) => void lines.push(message);
const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-energy-"));
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

/** So many ms after the boot. The daemon's own clock began half a second later. */
function at(bootMs: number, wallMs = 1_700_000_000_000 + bootMs): FileTime {
  return { boot: { bootMs, wallMs }, monoMs: bootMs - 500 };
}

function account(): Account {
  const made = new Account(0);
  made.add({
    ...{ seconds: 10, wallMs: 10_000, joules: 600, metered: 600, isExact: true },
    ...{ vms: new Map(), host: NO_USE, cpus: 4 },
  });
  return made;
}

const COUNTERS = { "package-0": { value: 1_234_567, atMs: 99_000 } };

/** What a daemon reads at one time that another one wrote 100 s after the boot. */
function readAt(now: FileTime) {
  new EnergyFile(directory, log).write(account().state, COUNTERS, { now: at(100_000), isLast: true });
  return new EnergyFile(directory, log).read(now);
}

test("an account is read again, with its counters on the clock of the daemon that reads", () => {
  const now = { ...at(103_000), monoMs: 20 };
  // It was read 0.5 s before it was written, and that was 3 s ago.
  expect(readAt(now).counters).toEqual({ "package-0": { value: 1_234_567, atMs: 20 - 3_000 - 500 } });
  expect(readAt(now).state.total.joules).toBe(600);
});

test("what was read and written again is the same, and the last spans go on growing", () => {
  const made = account();
  const add = (minute: number) =>
    made.add({
      ...{ seconds: 30, wallMs: 60_000 * minute, joules: 100, metered: 100, isExact: true },
      ...{ vms: new Map(), host: NO_USE, cpus: 4 },
    });
  for (const minute of [1.2, 2.2, 61.2]) add(minute);
  const text = () => readFileSync(join(directory, "energy.jsonl"), "utf8");
  const first = new EnergyFile(directory, log);
  const options = { now: at(100_000), isLast: true };
  first.write(made.state, {}, options);
  const before = text();
  const second = new EnergyFile(directory, log);
  const state = second.read(at(100_000)).state;
  second.write(state, {}, options);
  expect(text()).toBe(before);
  const again = new Account(0, state);
  for (const minute of [61.8, 62.2, 121.2])
    again.add({
      ...{ seconds: 30, wallMs: 60_000 * minute, joules: 100, metered: 100, isExact: true },
      ...{ vms: new Map(), host: NO_USE, cpus: 4 },
    });
  second.write(again.state, {}, options);
  const read = new EnergyFile(directory, log).read(at(100_000)).state;
  expect(read.minutes.map(({ joules }) => joules)).toEqual([600, 100, 100, 200, 100, 100]);
  expect(read.hours.map(({ joules }) => joules)).toEqual([800, 300, 100]);
});

test("counters of another boot, or of long ago, are not continued, but the account is", () => {
  for (const now of [
    at(50_000), // booted since
    at(200_000, 1_700_000_900_000), // booted since, and up for longer
    at(800_000), // they may have begun anew since
  ])
    expect([readAt(now).counters, readAt(now).state.total.joules]).toEqual([{}, 600]);
});

test("without a file the account begins, and one that is none is moved aside", () => {
  const nothing = {
    state: {
      total: { ...{ fromMs: 5, toMs: 5, joules: 0, metered: 0, idle: 0, host: 0 }, vms: new Map() },
      ...{ minutes: [], hours: [], blocks: [] },
    },
    counters: {},
  };
  expect(new EnergyFile(directory, log).read(at(0, 5))).toEqual(nothing);
  const path = join(directory, "energy.jsonl");
  for (const text of [
    "",
    "null\n",
    '{"version":2,"wallMs":0,"bootMs":0,"counters":{}}\n',
    '{"version":1,"wallMs":0,"bootMs":0,"counters":{"package-0":[1]}}\n',
    '{"version":1,"wallMs":0,"bootMs":0,"counters":{}}\nnull\n',
  ]) {
    writeFileSync(path, text);
    expect(new EnergyFile(directory, log).read(at(0, 5))).toEqual(nothing);
    expect([existsSync(path), lines.pop()?.includes("it is no account of energy")]).toEqual([false, true]);
  }
});

test("a write that fails is told once, and leaves the file as it was", () => {
  const file = new EnergyFile(join(directory, "state"), log);
  const write = () => file.write(account().state, {}, { now: at(1), isLast: false });
  write();
  write();
  expect(lines.length).toBe(1);
  expect(lines[0]).toStartWith("The account of energy cannot be remembered over a restart. ");
  mkdirSync(join(directory, "state"));
  write();
  expect(readFileSync(join(directory, "state/energy.jsonl"), "utf8")).toContain('"kind":"total"');
});

/** So many minutes of 100 J with VMs that use something, from a minute on. */
function addMinutes(made: Account, { from, count, vms = 0 }: { from: number; count: number; vms?: number }) {
  const use = { ghzS: 12.345678, ghz3S: 98.765432, turboS: 0.5 };
  const none = { more: NO_USE, slack: NO_USE };
  const used = { use, baseline: { more: use, slack: NO_USE }, max: none };
  for (let minute = from; minute < from + count; minute++)
    made.add({
      ...{ seconds: 60, wallMs: 60_000 * (minute + 0.9), joules: 100, metered: 100, isExact: true },
      ...{ vms: new Map(Array.from({ length: vms }, (_, i) => [`guest${i}`, used])), host: NO_USE, cpus: 4 },
    });
}

test("a write has what still grows and what has ended since the last one, however much is remembered", () => {
  const size = (name: string) => statSync(join(directory, name)).size;
  const sizes = () => ["energy.jsonl", "energy-minutes.jsonl", "energy-hours.jsonl"].map(size);
  const made = new Account(0);
  const file = new EnergyFile(directory, log);
  const write = () => file.write(made.state, {}, { now: at(100_000), isLast: false });
  addMinutes(made, { from: 0, count: 2_999, vms: 48 });
  write();
  const before = sizes();
  addMinutes(made, { from: 2_999, count: 2, vms: 48 });
  write();
  const after = sizes();
  const line = readFileSync(join(directory, "energy-hours.jsonl"), "utf8").split("\n").at(-1)?.length ?? 0;
  // Three spans that grow, and blocks of a day; then two minutes and one hour that have ended.
  expect(after[0]).toBeLessThan(3 * line + 144 * 500);
  expect(after.slice(1).map((bytes, i) => Math.round((bytes - (before[i + 1] ?? 0)) / line))).toEqual([2, 1]);
  const read = new EnergyFile(directory, log).read(at(100_000)).state;
  expect([read.minutes.length, read.hours.length]).toEqual([61, 51]);
  expect(read.minutes.map(({ fromMs, joules }) => [fromMs, joules])).toEqual(
    made.state.minutes.map(({ fromMs, joules }) => [fromMs, joules]),
  );
});

test("a kill between the files, a torn line and a lost file cost only themselves", () => {
  const path = join(directory, "energy.jsonl");
  const now = at(100_000);
  const write = (made: Account) =>
    new EnergyFile(directory, log).write(made.state, {}, { now, isLast: false });
  const made = new Account(0);
  addMinutes(made, { from: 0, count: 2 });
  write(made);
  const growing = readFileSync(path);
  addMinutes(made, { from: 2, count: 1 });
  write(made);
  // The file that has the counters is the old one, so what it does not have yet is counted again.
  writeFileSync(path, growing);
  appendFileSync(join(directory, "energy-minutes.jsonl"), '\n{"kind":"minute","sums":[1,2');
  const again = new Account(0, new EnergyFile(directory, log).read(now).state);
  const joules = ({ state }: Account) => state.minutes.map((span) => span.joules);
  expect(joules(again)).toEqual([100, 100]);
  addMinutes(again, { from: 1, count: 1 });
  addMinutes(again, { from: 5, count: 1 });
  write(again);
  expect(joules(new Account(0, new EnergyFile(directory, log).read(now).state))).toEqual([100, 200, 100]);
  rmSync(path);
  expect(joules(new Account(0, new EnergyFile(directory, log).read(now).state))).toEqual([100, 200]);
});
