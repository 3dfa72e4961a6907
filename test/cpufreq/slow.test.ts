import { afterEach, beforeEach, expect, test } from "bun:test";
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import type { Cpufreq, Drift } from "../../src/cpufreq/cpufreq.ts";
import { type HoldOptions, openClocks } from "../../src/cpufreq/host-clocks.ts";
import { FILE_CALLS } from "../../src/os/file-calls.ts";
import { type SlowBackend, settled, slowBackend } from "./slow-backend.ts";

let directory: string;
let backend: SlowBackend;
let drifts: Drift[];
let lines: string[];
beforeEach(() => {
  directory = fs.mkdtempSync(join(os.tmpdir(), "vm-power-slow-"));
  backend = slowBackend([0, 1]);
  drifts = [];
  lines = [];
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const line = (text: string) => void lines.push(text);
const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
const journal = () => fs.readdirSync(directory).sort();
const waiting = () => backend.calls.map(({ what }) => what);

function open(options: Partial<HoldOptions> = {}): Cpufreq {
  const all: HoldOptions = {
    onExit: "restore",
    onDrift: "reassert",
    journalDirectory: directory,
    log,
    ...options,
  };
  const events = { clocksChanged() {}, drift: (drift: Drift) => void drifts.push(drift) };
  return openClocks({ backend, files: FILE_CALLS }, all, events);
}

/** Sends a write, and records its result when it arrives. */
function ask(cpufreq: Cpufreq, clock: number, setting: number | "baseline") {
  const asked: { answer: unknown } = { answer: "none yet" };
  void cpufreq.applySlow({ clock, setting }).then((answer) => {
    asked.answer = answer ?? "taken";
  });
  return asked;
}

/** Opens the clocks and sets CPU 0 to 2 GHz. */
async function held(options: Partial<HoldOptions> = {}): Promise<Cpufreq> {
  const cpufreq = open(options);
  ask(cpufreq, 0, 1);
  await backend.answerAll();
  backend.done.length = 0;
  return cpufreq;
}

test("Only the caller of a write waits for it", async () => {
  const cpufreq = open();
  const [first, other] = [ask(cpufreq, 0, 1), ask(cpufreq, 1, 2)];
  await settled();
  expect([first.answer, other.answer, waiting()]).toEqual([
    "none yet",
    "none yet",
    ["cpu0 mode=manual", "cpu1 mode=manual"],
  ]);
  for (const cpu of ["cpu1", "cpu1"]) {
    backend.calls.find(({ what }) => what.startsWith(cpu))?.answer();
    await settled();
  }
  expect([first.answer, other.answer, backend.settings.get(1)]).toEqual([
    "none yet",
    "taken",
    { mode: "manual", speed: "1000000" },
  ]);
  await backend.answerAll();
  expect(first.answer).toBe("taken");
});

test("apply() is for back ends that answer at once", () => {
  expect(() => open().apply({ clock: 0, setting: 1 })).toThrow("applySlow");
});

test("While a write is under way only the last setting waits, and all callers get its result", async () => {
  const cpufreq = await held();
  const asked = [2, 1, 2, 0].map((setting) => ask(cpufreq, 0, setting));
  await settled();
  expect(waiting()).toEqual(["cpu0 speed=1000000"]);
  backend.calls[0]?.answer();
  await settled();
  expect([waiting(), asked.map(({ answer }) => answer)]).toEqual([
    ["cpu0 speed=3000000"],
    ["taken", "none yet", "none yet", "none yet"],
  ]);
  await backend.answerAll();
  expect([backend.done, asked.map(({ answer }) => answer)]).toEqual([
    ["cpu0 speed=1000000", "cpu0 speed=3000000"],
    ["taken", "taken", "taken", "taken"],
  ]);
});

test("A write that is refused, or whose call fails, leaves what was held before", async () => {
  const cpufreq = await held();
  const asked = ask(cpufreq, 0, 2);
  await settled();
  backend.calls[0]?.answer("EBUSY");
  await backend.answerAll();
  expect([asked.answer, backend.settings.get(0)]).toEqual([
    { reason: "cpu0/speed: EBUSY" },
    { mode: "manual", speed: "2000000" },
  ]);
  const failed = ask(cpufreq, 0, 2);
  await settled();
  backend.calls[0]?.fail("timed out");
  await backend.answerAll();
  expect([failed.answer, backend.settings.get(0)?.speed]).toEqual([{ reason: "cpu0: timed out" }, "2000000"]);
});

test("A first write that is refused leaves everything as it was found", async () => {
  const cpufreq = open();
  const asked = ask(cpufreq, 0, 2);
  await settled();
  backend.calls[0]?.answer();
  await settled();
  expect(journal()).toEqual(["cpu0.json"]);
  backend.calls[0]?.answer("EPERM");
  await backend.answerAll();
  expect([asked.answer, backend.settings.get(0), journal()]).toEqual([
    { reason: "cpu0/speed: EPERM" },
    { mode: "auto", speed: "3000000" },
    [],
  ]);
});

test("The original settings are saved before the first change, and restored by baseline", async () => {
  const cpufreq = open();
  ask(cpufreq, 0, 1);
  await settled();
  expect([waiting(), JSON.parse(fs.readFileSync(join(directory, "cpu0.json"), "utf8"))]).toEqual([
    ["cpu0 mode=manual"],
    {
      version: 1,
      policy: "cpu0",
      pcpus: [0],
      driver: "by-hand",
      kept: false,
      originals: { mode: "auto", speed: "3000000" },
    },
  ]);
  await backend.answerAll();
  ask(cpufreq, 0, "baseline");
  await backend.answerAll();
  expect([backend.settings.get(0), journal()]).toEqual([{ mode: "auto", speed: "3000000" }, []]);
});

test("closeSlow() waits for writes under way, and then restores the original settings", async () => {
  const cpufreq = await held();
  const asked = ask(cpufreq, 0, 2);
  const closed = cpufreq.closeSlow();
  await settled();
  expect(waiting()).toEqual(["cpu0 speed=1000000"]);
  await backend.answerAll();
  expect([await closed, asked.answer, backend.done, backend.settings.get(0), journal()]).toEqual([
    [],
    "taken",
    ["cpu0 speed=1000000", "cpu0 mode=auto speed=3000000"],
    { mode: "auto", speed: "3000000" },
    [],
  ]);
});

test("closeSlow() with OnExit=keep leaves the settings, and the next daemon adopts them", async () => {
  const cpufreq = await held({ onExit: "keep" });
  const closed = cpufreq.closeSlow();
  await backend.answerAll();
  expect([await closed, backend.done, journal()]).toEqual([[], [], ["cpu0.json"]]);
  await held();
  expect(backend.settings.get(0)).toEqual({ mode: "manual", speed: "2000000" });
});

test("The next start restores what a crashed daemon left, and tries again after a refusal", async () => {
  await held();
  // No closeSlow(): it crashed.
  const next = open();
  await settled();
  expect(waiting()).toEqual(["cpu0 mode=auto speed=3000000"]);
  backend.calls[0]?.answer("EAGAIN");
  await settled();
  next.refresh();
  await settled();
  next.refresh();
  await backend.answerAll();
  expect([backend.settings.get(0), journal()]).toEqual([{ mode: "auto", speed: "3000000" }, []]);
});

test("what is held already, or cannot be, needs no call", async () => {
  const cpufreq = await held();
  const asked = [ask(cpufreq, 0, 1), ask(cpufreq, 9, 1)];
  await settled();
  expect([waiting(), asked.map(({ answer }) => answer)]).toEqual([
    [],
    ["taken", { reason: "CPU 9 is not managed" }],
  ]);
});

test("hold() waits for what is under way, one after the other", async () => {
  const cpufreq = await held();
  const asked = ask(cpufreq, 0, 2);
  const holds = [cpufreq.hold(0, { epp: "power" }), cpufreq.hold(0, { epp: "balance_power" })];
  await settled();
  expect(waiting()).toEqual(["cpu0 speed=1000000"]);
  await backend.answerAll();
  expect([asked.answer, await Promise.all(holds)]).toEqual(["taken", [undefined, undefined]]);
  expect([backend.done, backend.settings.get(0)?.mode]).toEqual([
    ["cpu0 speed=1000000", ...["power", "manual", "balance_power"].map((mode) => `cpu0 mode=${mode}`)],
    "balance_power",
  ]);
});

test("The settings of a clock that is not listed any more stay in the journal", async () => {
  const cpufreq = await held();
  const { list } = backend;
  Object.assign(backend, {
    hasChanged: () => true,
    list: () => ({ ...list(), clocks: list().clocks.slice(1) }),
  });
  cpufreq.refresh();
  await backend.answerAll();
  expect([cpufreq.clocks().map(({ id }) => id), backend.done, journal()]).toEqual([[1], [], ["cpu0.json"]]);
});

test("refresh() overwrites another program's change, and skips a clock that is being written", async () => {
  const cpufreq = await held();
  Object.assign(backend.settings.get(0) ?? {}, { speed: "1000000" });
  cpufreq.refresh();
  await backend.answerAll();
  expect([backend.done, drifts]).toEqual([
    ["cpu0 speed=2000000"],
    [{ clock: 0, file: "cpu0/speed", ours: "2000000", found: "1000000", outcome: "reasserted" }],
  ]);
  ask(cpufreq, 0, 2);
  await settled();
  cpufreq.refresh();
  await settled();
  expect(waiting()).toEqual(["cpu0 speed=1000000"]);
  await backend.answerAll();
  expect(drifts).toHaveLength(1);
});
