import { afterEach, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event, History as Report } from "../../src/admin/control-types.ts";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Log } from "../../src/base/log.ts";
import { Alarm } from "../../src/daemon/alarm.ts";
import { History } from "../../src/daemon/history/history.ts";
import { historyReport } from "../../src/daemon/history/history-report.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { KeptLines } from "../../src/daemon/kept-lines.ts";
import { finish } from "../../src/daemon/operators/loop-slices.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { FILE_CALLS } from "../../src/os/file-calls.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-history-"));
  directories.push(directory);
  return directory;
}

/** A history on a clock that the test sets; VMs a and b are on CPU 0. */
function makeHistory({ megabytes = 1, files = FILE_CALLS, directory = stateDirectory() } = {}) {
  const now = { monoMs: 0, wallMs: 1_000_000 };
  const time = () => ({ ...now });
  const lines: string[] = [];
  const line = (message: string) => void lines.push(message);
  const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
  const rings = new Map<string, { atMs: number; ring: () => void }>();
  const alarm = {
    at: (name: string, atMs: number, ring: () => void) => rings.set(name, { atMs, ring }),
  } as unknown as Alarm;
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const file = new KeptLines({ directory, name: "history", megabytes, log, files });
  const history = new History({ file, alarm, time, arbiter: () => arbiter });
  const { moment } = realTime();
  const clocks = new Clocks({
    ...{
      arbiter,
      cpufreq: recordingCpufreq([clock([0])], []),
      log: keepLines([]),
      time,
      moment,
      ordersEnded() {},
    },
    alarm: new Alarm(time),
    accepted: (write) => history.accepted(write),
  });
  clocks.settle(arbiter.setClocks([clock([0])]), "the start");
  for (const vm of ["a", "b"]) clocks.settle(arbiter.setDomain(domain(vm, [[0]]), FREE), vm);
  return {
    directory,
    lines,
    history,
    ask(vm: string, action: "min" | "max") {
      void clocks.perform(arbiter.scale(vm, { kind: "scale", resource: 0, physical: false, action }, time()));
    },
    /** Lets time pass, to the next ring and the ones after it. */
    pass(ms: number) {
      const endMs = now.monoMs + ms;
      for (;;) {
        const [first] = [...rings]
          .filter(([, { atMs }]) => atMs <= endMs)
          .sort((x, y) => x[1].atMs - y[1].atMs);
        if (first === undefined) break;
        const [name, { atMs, ring }] = first;
        now.wallMs += Math.max(0, atMs - now.monoMs);
        now.monoMs = Math.max(now.monoMs, atMs);
        rings.delete(name);
        ring();
      }
      now.wallMs += endMs - now.monoMs;
      now.monoMs = endMs;
    },
    written: () => readFileSync(join(directory, "history.jsonl"), "utf8").split("\n").filter(Boolean),
    report: (choice: object = {}): Report =>
      finish(historyReport(choice, { history, time } as unknown as Parts)),
  };
}

const event = (atMs: number, message: string, more: Partial<Event> = {}): Event => ({
  atMs,
  kind: "operator",
  message,
  ...more,
});

test("what was asked after a change is not told as its cause", () => {
  const made = makeHistory();
  made.ask("a", "min");
  made.ask("b", "min");
  made.pass(20_000);
  made.ask("a", "max");
  made.pass(500);
  made.ask("b", "min");
  made.pass(500);
  expect(made.report().events.at(-1)?.message).toBe("CPU 0 at 2.301 GHz: for a:0");
});

test("a speed is remembered with its cause and its users, a burst of them as one line in 10 s", () => {
  const made = makeHistory();
  made.ask("a", "min");
  made.ask("b", "min");
  made.pass(1000);
  expect(made.report().events).toEqual([
    {
      atMs: 1_000_000,
      kind: "speed",
      message: "CPU 0 at 1.200 GHz: for a:0, b:0; b:0 asked min (as asked: the highest claim on this clock)",
      pcpu: 0,
      khz: 1_200_000,
      users: ["a:0", "b:0"],
    },
  ]);
  for (let i = 0; i < 6; i++) {
    made.pass(1000);
    made.ask("a", i % 2 === 0 ? "max" : "min");
  }
  made.pass(10_000);
  expect(made.written().length).toBe(2);
  const [, burst] = made.report().events;
  expect(burst).toEqual(expect.objectContaining({ of: 6, atMs: 1_007_000, khz: 1_200_000 }));
  made.pass(60_000);
  expect(made.written().length).toBe(2);
});

test("what a stranger can cause as often as he likes is remembered a few times a minute, operators' acts always", () => {
  const made = makeHistory();
  for (let i = 0; i < 100; i++) {
    made.history.event(event(1_000_000 + i, `channel ${i}`, { kind: "channel", vm: "a" }));
    made.history.event(event(1_000_000 + i, `order ${i}`));
  }
  made.history.event(event(1_000_200, "another VM's channel", { kind: "channel", vm: "b" }));
  made.pass(1000);
  const { events } = made.report();
  expect(events.filter(({ vm }) => vm === "a").length).toBe(5);
  expect(events.filter(({ kind }) => kind === "operator").length).toBe(100);
  expect(made.report({ vm: "b" }).events.map(({ message }) => message)).toEqual(["another VM's channel"]);
});

test("the newest are kept within the size, and an answer has the newest of its time", () => {
  const made = makeHistory();
  const long = "x".repeat(500);
  for (let i = 0; i < 5000; i++) {
    made.history.event(event(1_000_000 + i, `${i} ${long}`));
    if (i % 100 === 99) made.history.flush({ all: true });
  }
  const sizes = ["history.jsonl", "history.old.jsonl"].map(
    (name) => statSync(join(made.directory, name)).size,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(512 * 1024);
  made.pass(10_000);
  const all = made.report();
  const kept = all.omitted + all.events.length;
  expect(all.events.at(-1)?.atMs).toBe(1_004_999);
  expect(all.keptFromMs).toBe(1_005_000 - kept);
  expect(all.events.map(({ atMs }) => atMs)).toEqual(
    all.events.map((_, i) => 1_005_000 - all.events.length + i),
  );
  const some = made.report({ fromMs: 1_004_900, toMs: 1_004_909 });
  expect([some.events.length, some.omitted]).toEqual([10, 0]);
});

test("a torn line costs only itself, and what is no event is left out", () => {
  const made = makeHistory();
  made.history.event(event(1_000_000, "before"));
  made.history.flush({ all: true });
  appendFileSync(join(made.directory, "history.jsonl"), '\n{"atMs":1000001,"kind":"operator","mess');
  appendFileSync(
    join(made.directory, "history.jsonl"),
    '\n{"atMs":1000002}\n{"atMs":1000003,"kind":1,"message":2}\nx\0y',
  );
  const again = makeHistory({ directory: made.directory });
  again.history.event(event(1_000_004, "after"));
  again.pass(1000);
  expect(again.report().events.map(({ message }) => message)).toEqual(["before", "after"]);
});

test("a planted file or link is moved aside, and a full disk is told once and ends nothing", () => {
  const directory = stateDirectory();
  symlinkSync("/etc/passwd", join(directory, "history.jsonl"));
  const made = makeHistory({ directory });
  made.history.event(event(1_000_000, "kept"));
  expect(made.report().events.map(({ message }) => message)).toEqual(["kept"]);
  expect(made.lines).toEqual([expect.stringContaining("history.jsonl")]);
  writeFileSync(join(directory, "history.old.jsonl"), "x", { mode: 0o666 });
  expect(made.report().events.length).toBe(1);

  let full = true;
  const files = {
    ...FILE_CALLS,
    writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number {
      if (full) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      return FILE_CALLS.writeSync(fd, bytes, offset, length);
    },
  };
  const onFull = makeHistory({ files });
  for (let i = 0; i < 3; i++) {
    onFull.history.event(event(1_000_000 + i, "lost"));
    onFull.history.flush({ all: true });
  }
  expect(onFull.lines).toEqual([
    expect.stringMatching(
      /^Cannot add to ".*\/history.jsonl", so what happens now is not remembered: ENOSPC/,
    ),
  ]);
  full = false;
  onFull.history.event(event(1_000_009, "kept again"));
  onFull.pass(1000);
  expect(onFull.report().events.map(({ message }) => message)).toEqual(["kept again"]);
});
