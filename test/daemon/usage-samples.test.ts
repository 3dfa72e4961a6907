import { afterEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import { shareOf } from "../../src/daemon/history/share.ts";
import { KeptLines } from "../../src/daemon/kept-lines.ts";
import { finish } from "../../src/daemon/operators/loop-slices.ts";
import { Meters } from "../../src/daemon/packet/meters.ts";
import { readSample, sampleText } from "../../src/daemon/usage/sample.ts";
import { Usage } from "../../src/daemon/usage/usage.ts";
import { usageReport } from "../../src/daemon/usage/usage-report.ts";
import { UsageSamples } from "../../src/daemon/usage/usage-samples.ts";
import { clock, domain } from "../arbiter/fixture.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const MINUTES_MS = 60_000;
const line = () => {};
const SILENT: Log = { error: line, warning: line, notice: line, info: line, debug: line };

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-usage-"));
  directories.push(directory);
  return directory;
}

/** Samples of VM a on CPU 0 and VM b on CPU 1, on a clock that the test sets. */
function makeSamples({ directory = stateDirectory(), megabytes = 8 } = {}) {
  const now = { monoMs: 0, wallMs: 1_000_000 };
  const time = () => ({ ...now });
  const clocks = [clock([0]), clock([1])];
  const arbiter = { setting: (id: number) => ({ clock: clocks[id], accepted: "baseline" }) } as never;
  const cpufreq = recordingCpufreq(clocks, []);
  const usage = new Usage({ arbiter, cpufreq, time });
  const domains = new Map(["a", "b"].map((vm, cpu) => [vm, domain(vm, [[cpu]])]));
  usage.follow(domains.values());
  const meters = new Meters();
  const counters = { writes: 0, writesRefused: 0 };
  const written = { counters, driftCount: 0 };
  let ring = () => {};
  const parts = {
    ...{ clocks: written, cpufreq, meters, time, usage, vms: { domains }, channels: { of: () => [] } },
    alarm: {
      after: (_name: string, _ms: number, next: () => void) => {
        ring = next;
      },
    },
    slices: { run: finish },
  };
  const file = new KeptLines({ directory, name: "usage", megabytes, log: SILENT });
  const samples = new UsageSamples(file, () => parts as never);
  samples.begin();
  return {
    ...{ directory, usage, meters, domains, counters, written, samples },
    pass(minutes: number) {
      now.monoMs += minutes * MINUTES_MS;
      now.wallMs += minutes * MINUTES_MS;
    },
    /** The alarm rings. */
    ring: () => ring(),
    set: (id: number, setting: number) => usage.accepted({ clock: id, setting }, now.monoMs),
    lines: () => readFileSync(join(directory, "usage.jsonl"), "utf8").split("\n").filter(Boolean),
    report: (choice: object = {}) => finish(usageReport({ fromMs: 1_000_000, ...choice }, { samples, time })),
  };
}

test("a sample is a line of what was added since the last one, for the host and for each VM", () => {
  const made = makeSamples();
  made.pass(4);
  made.set(0, 5);
  for (const outcome of ["granted", "granted", "bounded", "held", "refused"] as const)
    made.usage.vms.asked("a", outcome, { monoMs: 0, wallMs: 0 });
  made.meters.of("a").latency.observe(100_000);
  made.written.driftCount = 2;
  made.counters.writesRefused = 1;
  made.pass(6);
  made.ring();
  made.pass(10);
  made.ring();
  // The slowest packets are known to a quarter: 100 µs are in the bucket that ends at 114.688 µs.
  expect(made.lines()).toEqual([
    '{"atMs":1600000,"fromMs":1000000,"host":[1,2,1,0,840,1200,360],"vms":{"a":[2,1,1,1,1,115,115,0,240,1200,360],"b":[0,0,0,0,0,0,0,0,600]}}',
    '{"atMs":2200000,"fromMs":1600000,"host":[0,0,0,0,600,1200,600],"vms":{"a":[0,0,0,0,0,0,0,1200,600],"b":[0,0,0,0,0,0,0,0,600]}}',
  ]);
});

test("a report has the sums of a time, by VM and by point, and what is not written yet", () => {
  const made = makeSamples();
  made.set(0, 5);
  made.usage.vms.asked("a", "held", { monoMs: 0, wallMs: 0 });
  made.pass(10);
  made.ring();
  made.usage.vms.asked("a", "granted", { monoMs: 0, wallMs: 0 });
  made.meters.of("a").latency.observe(3_000_000);
  made.pass(5);
  const all = made.report();
  expect(all).toEqual({
    ...{ fromMs: 1_000_000, toMs: 1_900_000, omitted: 0, keptFromMs: 1_600_000 },
    host: {
      ...{ transitions: 1, drifts: 0, writesRefused: 0 },
      states: [{ khz: 1_200_000, seconds: 900 }, { seconds: 900 }],
    },
    points: [
      {
        ...{ fromMs: 1_000_000, toMs: 1_600_000, transitions: 1, drifts: 0, writesRefused: 0 },
        ...{ granted: 0, bounded: 0, held: 1, refused: 0, p99Us: undefined, worstUs: undefined },
        states: [{ khz: 1_200_000, seconds: 600 }, { seconds: 600 }],
      },
      {
        ...{ fromMs: 1_600_000, toMs: 2_200_000, transitions: 0, drifts: 0, writesRefused: 0 },
        ...{ granted: 1, bounded: 0, held: 0, refused: 0, p99Us: 3145.728, worstUs: 3145.728 },
        states: [{ khz: 1_200_000, seconds: 300 }, { seconds: 300 }],
      },
    ],
    vms: [
      {
        ...{ vm: "a", granted: 1, bounded: 0, held: 1, refused: 0, transitions: 1 },
        ...{ states: [{ khz: 1_200_000, seconds: 900 }], p99Us: 3145.728, worstUs: 3145.728 },
        worstAtMs: 1_900_000,
      },
      {
        ...{ vm: "b", granted: 0, bounded: 0, held: 0, refused: 0, transitions: 0 },
        ...{ states: [{ seconds: 900 }], p99Us: undefined, worstUs: undefined, worstAtMs: undefined },
      },
    ],
  });
  // Asking changes nothing.
  expect(made.report()).toEqual(all);
  expect(made.lines().length).toBe(1);
  const own = made.report({ vm: "b" });
  expect([own.vms.map(({ vm }) => vm), own.points.map(({ states }) => states)]).toEqual([
    ["b"],
    [[{ seconds: 600 }], [{ seconds: 300 }]],
  ]);
  const early = made.report({ fromMs: 0, toMs: 900_000 });
  expect([early.points, early.vms, early.keptFromMs]).toEqual([[], [], 1_600_000]);
});

test("what was counted is there after a restart, and a VM that ended is told once", () => {
  const made = makeSamples();
  made.usage.vms.asked("a", "granted", { monoMs: 0, wallMs: 0 });
  made.pass(5);
  made.domains.delete("a");
  made.usage.gone("a");
  made.samples.close();
  expect(made.usage.vms.names()).toEqual(["b"]);
  const again = makeSamples({ directory: made.directory });
  again.pass(20);
  again.ring();
  const { vms } = again.report();
  expect(vms.map(({ vm, granted }) => [vm, granted])).toEqual([
    ["a", 1],
    ["b", 0],
  ]);
});

test("a torn line, or one that somebody else wrote, costs only itself", () => {
  const made = makeSamples();
  made.pass(10);
  made.ring();
  const file = join(made.directory, "usage.jsonl");
  const foreign = [
    '{"atMs":1600000,"fromMs":1000000,"host":[0,0,0],"vms":{"a":[1,2]}}',
    '{"atMs":1600000,"fromMs":1000000,"host":[0,0,0],"vms":{"a":[1,0,0,0,0,0,-5]}}',
    '{"atMs":1600000,"fromMs":1000000,"host":[0,0,1e999],"vms":{}}',
    '{"atMs":1600000,"fromMs":"x","host":[0,0,0],"vms":{}}',
    '{"atMs":1600000,"fromMs":1000000,"host":[0,0,0],"vms":[]}',
    '{"atMs":1600000,"fromMs":1000000,"host":[0,0',
  ];
  appendFileSync(file, foreign.map((each) => `\n${each}`).join(""));
  made.pass(10);
  made.ring();
  expect(made.report().vms.map(({ vm, states }) => [vm, states])).toEqual([
    ["a", [{ seconds: 1200 }]],
    ["b", [{ seconds: 1200 }]],
  ]);
  expect(foreign.slice(0, 4).map(readSample)).toEqual([undefined, undefined, undefined, undefined]);
});

test("a week of 40 VMs is kept, whatever else happens", () => {
  const directory = stateDirectory();
  const { samples: megabytes } = shareOf(16);
  const file = new KeptLines({ directory, name: "usage", megabytes, log: SILENT });
  const requests = { granted: 12_345, bounded: 123, held: 12, refused: 123 };
  const states = new Map([2_301_000, 2_300_000, 1_700_000, 1_200_000].map((khz) => [khz, 599.9]));
  const vm = { requests, transitions: 12_345, p99Ns: 123_000, worstNs: 1_234_000, states };
  const names = Array.from({ length: 40 }, (_, i) => `instance-0000${1000 + i}-web`);
  const host = { states, transitions: 100_000 };
  const firstMs = 1_700_000_000_000;
  const sizeOf = (of: string) => statSync(join(directory, of), { throwIfNoEntry: false })?.size ?? 0;
  let atMs = firstMs;
  // Least is kept when the newer file was just begun for the second time.
  for (let full = 0, before = 0; full < 2; atMs += 10 * MINUTES_MS) {
    file.append([
      sampleText({
        ...{ fromMs: atMs - 10 * MINUTES_MS, atMs, host, drifts: 1, writesRefused: 1 },
        vms: new Map(names.map((name) => [name, vm])),
      }),
    ]);
    if (sizeOf("usage.jsonl") < before) full++;
    before = sizeOf("usage.jsonl");
  }
  expect(sizeOf("usage.jsonl") + sizeOf("usage.old.jsonl")).toBeLessThanOrEqual(megabytes * 1024 * 1024);
  const [oldest = ""] = [...file.texts()].join("").split("\n").filter(Boolean);
  expect(atMs - JSON.parse(oldest).fromMs).toBeGreaterThanOrEqual(7 * 24 * 60 * MINUTES_MS);
});

test("what is left out of many samples is told, and there are not more points than a plot can show", () => {
  const made = makeSamples();
  const dayMs = 24 * 60 * MINUTES_MS;
  const text = ({ atMs }: { atMs: number }) =>
    `\n{"atMs":${atMs},"fromMs":${atMs - 600_000},"host":[1,0,0],"vms":{}}`;
  const lines = Array.from({ length: 10_090 }, (_, i) => text({ atMs: 2_000_000 + 600_000 * i }));
  appendFileSync(join(made.directory, "usage.jsonl"), lines.join(""), { mode: 0o640 });
  const report = made.report({ fromMs: 0, toMs: 80 * dayMs });
  expect([report.omitted, report.host.transitions]).toEqual([10, 10_080]);
  expect(report.points.length).toBeLessThanOrEqual(168);
});
