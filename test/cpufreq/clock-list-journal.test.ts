import { describe, expect, test } from "bun:test";
import { leave, ORIGINALS, PUT_BACK, scopes } from "./left-behind.ts";
import { quickHost } from "./quick-backend.ts";
import { settled } from "./slow-backend.ts";

describe("what a daemon before left in the journal", () => {
  test("is put back once, at the start, without a word", async () => {
    using host = quickHost(scopes(1));
    leave(host, "s0");
    const cpufreq = host.open();
    cpufreq.refresh();
    await settled();
    expect([host.take(), host.lines, host.journal()]).toEqual([[PUT_BACK], [], {}]);
  });

  test("is tried again at the next looks if it is refused, soon again after it succeeded", async () => {
    using host = quickHost(scopes(1));
    leave(host, "s0");
    host.fails = (what) => (what === PUT_BACK ? "EBUSY" : undefined);
    const cpufreq = host.open();
    await settled();
    const looks = (count: number) =>
      Array.from({ length: count }, () => {
        cpufreq.refresh();
        return host.take().length;
      });
    expect([host.take(), host.lines]).toEqual([
      [PUT_BACK],
      ['warning: Cannot restore the settings of s0/mode: EBUSY, was "auto"'],
    ]);
    expect(looks(5)).toEqual([1, 1, 0, 1, 0]);
    host.fails = () => undefined;
    // With the files closed that were never opened.
    expect(looks(4)).toEqual([0, 0, 1, 0]);
    cpufreq.apply({ clock: 0, setting: 1 });
    host.fails = (what) => (what === PUT_BACK ? "EBUSY" : undefined);
    cpufreq.apply({ clock: 0, setting: "baseline" });
    host.take();
    expect(looks(3)).toEqual([1, 1, 0]);
  });

  test("is kept if it was handed over: its originals are put back at the end, and knobs at the first speed", () => {
    using host = quickHost(scopes(1));
    Object.assign(host.of, { s0: { mode: "manual", speed: "1000000", knob: "7" } });
    leave(host, "s0", { originals: { ...ORIGINALS, knob: "0" } });
    const cpufreq = host.open({ adopt: true });
    cpufreq.refresh();
    expect([host.take(), host.lines]).toEqual([[], []]);
    cpufreq.apply({ clock: 0, setting: 1 });
    expect(host.take()).toEqual([
      ...["s0 open", "s0 prepare mode=manual", "s0 write knob=0", "s0 set speed=2000000"],
    ]);
    expect(cpufreq.close()).toEqual([]);
    expect([host.of["s0"], host.journal()]).toEqual([{ ...ORIGINALS, knob: "0" }, {}]);
  });

  test("is put back of a clock that comes later, and of one that was handed over for CPUs that are not managed", () => {
    using host = quickHost(scopes(1));
    leave(host, "s1");
    leave(host, "s2");
    host.fails = (what) => (what === "s2 find" ? "CPU 2 offline" : undefined);
    const cpufreq = host.open({ adopt: true });
    expect([host.take(), host.lines, Object.keys(host.journal())]).toEqual([
      ["s1 write mode=auto speed=3000000"],
      ["warning: Cannot restore s2: CPU 2 offline"],
      ["s2.json"],
    ]);
    host.fails = () => undefined;
    host.clocks = scopes(3);
    host.hasChanged = true;
    cpufreq.refresh();
    expect(host.take()).toEqual(["s2 write mode=auto speed=3000000"]);
  });

  test("for CPUs that are not here stays until the end, and then only if all is restored", () => {
    for (const [onExit, left] of [
      ["restore", []],
      ["keep", ["s1.json"]],
    ] as const) {
      using host = quickHost(scopes(1));
      leave(host, "s1");
      const cpufreq = host.open({ onExit });
      expect(host.take()).toEqual([]);
      expect([cpufreq.close(), Object.keys(host.journal())]).toEqual([[], [...left]]);
    }
  });
});
