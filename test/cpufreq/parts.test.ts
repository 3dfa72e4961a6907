import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { setImmediate as turnEnds } from "node:timers/promises";
import { failure, success } from "../../src/base/result.ts";
import { dropUnfinished, type JournalMeans, loadJournal, saveEntry } from "../../src/cpufreq/journal.ts";
import { decodeEntry } from "../../src/cpufreq/journal-entry.ts";
import { Permitted, sharedWithReserved, unmanagedCpus } from "../../src/cpufreq/permission.ts";
import { ReadBack } from "../../src/cpufreq/read-back.ts";
import { recover } from "../../src/cpufreq/recover.ts";
import { restore } from "../../src/cpufreq/restore.ts";
import { listedTable } from "../../src/cpufreq/speed-table.ts";
import { doNow, doSlowly, type Work } from "../../src/cpufreq/work.ts";
import { WriteQueue } from "../../src/cpufreq/write-queue.ts";
import { FILE_CALLS } from "../../src/os/file-calls.ts";
import { type QuickHost, quickHost } from "./quick-backend.ts";
import { logInto } from "./test-host.ts";

const ENTRY = {
  ...{ version: 1, policy: "s0", pcpus: [0], driver: "quick", kept: false },
  originals: { mode: "auto", speed: "3000000" },
};

function means({ journalDirectory, backend, lines }: QuickHost): JournalMeans {
  return { journalDirectory, names: backend.journal, files: FILE_CALLS, log: logInto(lines) };
}

function put({ journalDirectory }: QuickHost, name: string, text: string): void {
  fs.mkdirSync(journalDirectory, { recursive: true, mode: 0o700 });
  fs.writeFileSync(join(journalDirectory, name), text, { mode: 0o600 });
}

describe("an entry of the journal", () => {
  test("is read if all of it is valid", () => {
    using host = quickHost({});
    const isRead = (more: object) =>
      decodeEntry(JSON.stringify({ ...ENTRY, ...more }), host.backend.journal) !== undefined;
    const valid = [{}, { pcpus: [0, 8191] }, { driver: "x".repeat(64) }, { kept: true }, { originals: {} }];
    expect(valid.map(isRead)).toEqual(valid.map(() => true));
    const wrong = [
      { version: 2 },
      { policy: 0 },
      { policy: "s10" },
      ...[{ driver: 5 }, { driver: "x".repeat(65) }, { kept: 1 }, { kept: undefined }],
      ...[{ pcpus: 0 }, { pcpus: [0, "1"] }, { pcpus: [1.5] }, { pcpus: [-1] }, { pcpus: [0, 8192] }],
      ...[
        { originals: [] },
        { originals: { mode: "auto", speed: 3 } },
        { originals: { mode: "auto", other: "x" } },
      ],
    ];
    expect(wrong.filter(isRead)).toEqual([]);
  });

  test("has 64 KiB at most, and its file the name of its scope", () => {
    using host = quickHost({});
    const text = JSON.stringify(ENTRY);
    const loaded = (name: string, size: number) => {
      put(host, name, text.padEnd(size));
      const found = loadJournal(means(host));
      fs.unlinkSync(join(host.journalDirectory, name));
      return found.map(({ scope, entry }) => [scope, entry.ok]);
    };
    expect([
      loaded("s0.json", 65_536),
      loaded("s0.json", 65_537),
      loaded("s1.json", 0),
      loaded("s0.jsox", 0),
    ]).toEqual([[["s0", true]], [["s0", false]], [["s1", false]], []]);
    put(host, "s0.json", text);
    put(host, "s0.jsox", text);
    expect(loadJournal(means(host)).length).toBe(1);
  });

  test("is written into a directory for its user alone, and only unfinished ones are removed", () => {
    using host = quickHost({});
    const { version: _, policy: scope, ...rest } = ENTRY;
    expect(saveEntry(means(host), { scope, ...rest })).toBeUndefined();
    expect(fs.statSync(host.journalDirectory).mode & 0o777).toBe(0o700);
    for (const name of ["s1.json.new", "control.new", "s2.txt"]) put(host, name, "");
    dropUnfinished(means(host));
    expect(fs.readdirSync(host.journalDirectory).sort()).toEqual(["control.new", "s0.json", "s2.txt"]);
  });

  test("is looked for among as many files as hosts can have CPUs, and twice", () => {
    using host = quickHost({});
    put(host, "s0.json", JSON.stringify(ENTRY));
    const fill = (count: number) => {
      for (let i = fs.readdirSync(host.journalDirectory).length; i < count; i++)
        fs.closeSync(fs.openSync(join(host.journalDirectory, `a${i}`), "w"));
      return loadJournal(means(host)).length;
    };
    expect([fill(16_384), fill(16_385)]).toEqual([1, 0]);
  });

  test("that is restored is in the report, and the caller tells it", () => {
    using host = quickHost({});
    put(host, "s0.json", JSON.stringify(ENTRY));
    expect(doNow(restore(host.backend, means(host), { kept: false })).restored).toEqual(["s0"]);
    expect(host.lines).toEqual([]);
  });

  test("that cannot be restored is told with 60 characters of what it was", () => {
    using host = quickHost({});
    const { version: _, policy: scope, ...rest } = ENTRY;
    const of = (length: number) => {
      host.fails = (what) => (what.startsWith("s0 write") ? "EINVAL" : undefined);
      const originals = { mode: "x".repeat(length) };
      return doNow(recover(host.backend, means(host), { scope, ...rest, originals }));
    };
    const told = `s0/mode: EINVAL, was "${"x".repeat(60)}"`;
    expect([of(60), of(61)]).toEqual([told, told]);
  });
});

test("clocks shared with a reserved CPU are followed from one to the next, and each is known by the first one found", () => {
  const cpu = (pcpu: number, related: number[], neighbours: number[] = []) => ({ pcpu, related, neighbours });
  const scanned = [cpu(4, [3]), cpu(5, [9]), cpu(3, [2], [5]), cpu(2, [0]), cpu(7, [8])];
  expect([...sharedWithReserved(scanned, new Set([0, 9]))]).toEqual([
    ...([
      [5, 9],
      [3, 9],
      [2, 0],
      [4, 9],
    ] as [number, number][]),
  ]);
});

test("CPUs that are not managed are told in their order", () => {
  const found = new Map(
    [5, 1, 3, 2].map((pcpu) => [pcpu, pcpu === 2 ? success({}) : failure(`why ${pcpu}`)]),
  );
  const permitted = new Permitted({ managed: "all", reserved: [3] });
  expect(unmanagedCpus(found, { shared: new Map([[2, 3]]), permitted })).toEqual([
    { pcpu: 1, reason: "why 1" },
    { pcpu: 2, reason: "shares its clock with CPU 3, which is in Reserved", reserved: true },
    { pcpu: 3, reason: "why 3", reserved: true },
    { pcpu: 5, reason: "why 5" },
  ]);
});

test("a table has 256 speeds at most, and turbo only above another speed", () => {
  const count = (length: number) => {
    const table = listedTable(
      Array.from({ length }, (_, i) => 1_000_000 + 10_000 * i),
      false,
    );
    return table.ok ? [table.value.speeds.length, table.value.turbo] : table.why;
  };
  expect([count(256), count(257), count(1)]).toEqual([
    [256, undefined],
    "more than 256 speeds",
    [1, undefined],
  ]);
});

test("what was written in one turn is read at its end, each once, and then all is told", async () => {
  const done: string[] = [];
  const back = new ReadBack(() => void done.push("all"));
  const written = (name: string) => ({ readBack: () => void done.push(name) });
  back.add(written("a"));
  await turnEnds();
  expect(done.splice(0)).toEqual(["a", "all"]);
  for (const name of ["b", "c"]) back.add(written(name));
  expect(done).toEqual([]);
  await turnEnds();
  await turnEnds();
  expect(done).toEqual(["b", "c", "all"]);
});

test("a call that throws anything is a refusal", async () => {
  const refusal = (error: unknown) =>
    doSlowly(
      (function* (): Work<unknown> {
        return yield Promise.reject(error);
      })(),
    );
  expect([await refusal(new Error("timed out")), await refusal("gone")]).toEqual([
    { name: "", errno: "timed out" },
    { name: "", errno: "gone" },
  ]);
});

test("WriteQueue does one thing at a time, and is idle after each", async () => {
  const queue = new WriteQueue(async () => undefined);
  for (let round = 0; round < 2; round++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const run = queue.run(() => promise);
    expect(() => queue.run(async () => {})).toThrow("Expected a clock that is not busy");
    let isIdle = false;
    const idle = queue.idle().then(() => {
      isIdle = true;
    });
    await turnEnds();
    expect([queue.busy, isIdle]).toEqual([true, false]);
    resolve();
    await Promise.all([run, idle]);
    expect(queue.busy).toBe(false);
  }
});
