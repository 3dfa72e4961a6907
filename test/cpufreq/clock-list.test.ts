import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { PUT_BACK, scopes } from "./left-behind.ts";
import { quickHost } from "./quick-backend.ts";

describe("a look", () => {
  test("that finds nothing lists nothing, and asks four clocks in turn for their baseline", () => {
    using host = quickHost(scopes(10));
    const cpufreq = host.open();
    const clocks = cpufreq.clocks();
    host.take();
    const looked = [1, 2, 3].map(() => {
      cpufreq.refresh();
      return host.take(/baseline/).map((what) => Number(what.slice(1, -9)));
    });
    expect(looked).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 0, 1],
    ]);
    expect([host.counts, cpufreq.clocks()]).toEqual([{ lists: 1, changes: 0 }, clocks]);
  });

  test("at changed clocks reads no setting that is as it was", () => {
    using host = quickHost(scopes(2));
    const cpufreq = host.open();
    for (const clock of [0, 1]) cpufreq.apply({ clock, setting: 1 });
    host.take();
    cpufreq.refresh();
    expect([host.take(/./), host.counts.lists]).toEqual([[], 1]);
  });

  test("lists all again where the back end says so, and keeps what is the same", () => {
    using host = quickHost(scopes(2));
    const cpufreq = host.open();
    const clocks = cpufreq.clocks();
    host.hasChanged = true;
    cpufreq.refresh();
    expect([host.counts, cpufreq.uncores()]).toEqual([
      { lists: 2, changes: 0 },
      [{ clock: 0, pcpus: [0, 1] }],
    ]);
    expect(cpufreq.clocks()).toBe(clocks);
  });

  test("lists all again where a scope of a changed clock is another one, not of others", () => {
    using host = quickHost({ 0: ["s0", "s1"], 2: ["s2"], 3: ["s3"] });
    const cpufreq = host.open();
    cpufreq.apply({ clock: 0, setting: 1 });
    cpufreq.apply({ clock: 2, setting: 1 });
    host.gone = ["s3"];
    cpufreq.refresh();
    expect(host.counts.lists).toBe(1);
    host.gone = ["s1"];
    cpufreq.refresh();
    expect(host.counts.lists).toBe(2);
  });

  test.each([["s0 read speed"], ["s1 read speed"]])(
    "lists all again at once if a setting is gone: %s",
    (what) => {
      using host = quickHost(scopes(2));
      const cpufreq = host.open();
      for (const clock of [0, 1]) {
        cpufreq.apply({ clock, setting: 1 });
        (host.of[`s${clock}`] ?? {})["speed"] = "1000000";
      }
      host.fails = (each) => (each === what ? "ENODEV" : undefined);
      cpufreq.refresh();
      expect(host.counts.lists).toBe(2);
    },
  );

  test("takes a setting that cannot be read for the moment for unchanged", () => {
    using host = quickHost(scopes(1));
    const cpufreq = host.open();
    cpufreq.apply({ clock: 0, setting: 1 });
    (host.of["s0"] ?? {})["speed"] = "1000000";
    host.fails = (each) => (each.includes("read") ? "EMFILE" : undefined);
    cpufreq.refresh();
    expect([host.counts.lists, host.drifts]).toEqual([1, []]);
  });
});

describe("a baseline", () => {
  test("is the highest of the scopes', or that of the table if none is known", () => {
    using host = quickHost({ 0: ["s0", "s1"], 2: ["s2"] });
    Object.assign(host.baselines, { s0: 1_000_000, s1: 2_000_000, s2: undefined });
    const cpufreq = host.open();
    const khz = () => cpufreq.clocks().map(({ baselineKhz }) => baselineKhz);
    expect(khz()).toEqual([2_000_000, 3_000_000]);
    cpufreq.refresh();
    expect(host.counts).toEqual({ lists: 1, changes: 0 });
    host.baselines["s0"] = 3_000_000;
    cpufreq.refresh();
    expect([khz(), host.counts]).toEqual([[3_000_000, 3_000_000], { lists: 2, changes: 1 }]);
  });

  test("that cannot be read for the moment is what it was", () => {
    using host = quickHost(scopes(1));
    host.baselines["s0"] = 2_000_000;
    const cpufreq = host.open();
    host.fails = (what) => (what === "s0 baseline" ? "EIO" : undefined);
    cpufreq.refresh();
    expect([host.counts.lists, cpufreq.clocks()[0]?.baselineKhz]).toEqual([1, 2_000_000]);
  });
});

test("a clock that is not listed any more is put back and closed, or it is told why not", () => {
  for (const [errno, warnings] of [
    [undefined, []],
    ["EBUSY", ["warning: Cannot restore the settings of s0: EBUSY"]],
  ] as const) {
    using host = quickHost(scopes(2));
    const cpufreq = host.open();
    cpufreq.apply({ clock: 0, setting: 1 });
    host.take();
    host.clocks = { 1: ["s1"] };
    host.hasChanged = true;
    host.fails = (what) => (what === "s0 find" ? errno : undefined);
    cpufreq.refresh();
    expect(host.take()).toEqual(["s0 close", ...(errno === undefined ? [PUT_BACK] : [])]);
    expect([host.lines, cpufreq.clocks().map(({ id }) => id)]).toEqual([[...warnings], [1]]);
  }
});

describe("at the end", () => {
  test("what was changed is kept, of a clock with several scopes each", () => {
    using host = quickHost({ 0: ["s0", "s1"], 2: ["s2"] });
    const cpufreq = host.open({ onExit: "keep" });
    cpufreq.apply({ clock: 0, setting: 1 });
    host.take();
    expect([cpufreq.close(), host.take()]).toEqual([[], ["s0 close", "s1 close"]]);
    expect(Object.values(host.journal()).map((entry) => (entry as { kept: boolean }).kept)).toEqual([
      true,
      true,
    ]);
    expect(cpufreq.apply({ clock: 0, setting: 2 })).toEqual({ reason: "CPU 0 is not managed" });
  });

  test("a scope that was not changed is not kept, and an entry that cannot be marked is told", () => {
    using host = quickHost({ 0: ["s0", "s1"] });
    let isFull = false;
    const renameSync = (from: string, to: string) => {
      if (isFull && to.endsWith("s0.json")) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
      fs.renameSync(from, to);
    };
    const cpufreq = host.open({ onExit: "keep" }, { renameSync });
    // The second scope cannot be opened, and the first not be put back.
    host.fails = (what) => (what === "s1 read" || what === PUT_BACK ? "EIO" : undefined);
    expect(cpufreq.apply({ clock: 0, setting: 1 })).toEqual({ reason: "s1: EIO" });
    isFull = true;
    const reason = `restore journal in "${host.journalDirectory}": ENOSPC`;
    expect([cpufreq.close(), Object.keys(host.journal())]).toEqual([[{ reason }], ["s0.json"]]);
  });

  test("a daemon that leaves for the next one closes its files, and changes nothing", () => {
    using host = quickHost(scopes(1));
    const cpufreq = host.open();
    cpufreq.apply({ clock: 0, setting: 1 });
    host.take();
    cpufreq.leave();
    expect([host.take(), Object.keys(host.journal())]).toEqual([["s0 close"], ["s0.json"]]);
    expect(cpufreq.apply({ clock: 0, setting: 2 })).toEqual({ reason: "CPU 0 is not managed" });
  });
});
