import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { quickHost } from "./quick-backend.ts";

describe("knobs", () => {
  test("are saved with the rest, held beside a speed, and put back with it", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = host.open();
    expect(await cpufreq.hold(0, { resumeLatencyUs: 7, epp: "power" })).toBeUndefined();
    expect([host.take(), cpufreq.held(0)?.missing, host.journal()]).toEqual([
      ["s0 write mode=auto speed=3000000 knob=7"],
      ["no power"],
      {
        "s0.json": {
          ...{ version: 1, policy: "s0", pcpus: [0], driver: "quick", kept: false },
          originals: { mode: "auto", speed: "3000000", knob: "0" },
        },
      },
    ]);
    // What is asked for already is not written again.
    expect([await cpufreq.hold(0, { epp: "power", resumeLatencyUs: 7 }), host.take()]).toEqual([
      undefined,
      [],
    ]);
    cpufreq.apply({ clock: 0, setting: 1 });
    expect(host.take()).toEqual([
      ...["s0 open", "s0 prepare mode=manual knob=7", "s0 write knob=7", "s0 set speed=2000000"],
    ]);
    await cpufreq.hold(0, { resumeLatencyUs: 8 });
    expect([host.take(), cpufreq.held(0)?.missing]).toEqual([
      ["s0 prepare mode=manual knob=8", "s0 write knob=8"],
      [],
    ]);
    cpufreq.apply({ clock: 0, setting: "baseline" });
    expect(host.take()).toEqual(["s0 write mode=auto speed=3000000 knob=8", "s0 close"]);
    await cpufreq.hold(0, {});
    expect([host.take(), host.journal()]).toEqual([["s0 write mode=auto speed=3000000 knob=0"], {}]);
    // From now on the clock has none again.
    cpufreq.apply({ clock: 0, setting: 1 });
    expect(host.take(/extras/)).toEqual([]);
  });

  test("are saved once", async () => {
    using host = quickHost({ 0: ["s0"] });
    let saved = 0;
    const renameSync = (from: string, to: string) => {
      saved++;
      fs.renameSync(from, to);
    };
    const cpufreq = host.open({}, { renameSync });
    const counts: number[] = [];
    for (const resumeLatencyUs of [5, 6, 7]) {
      await cpufreq.hold(0, { resumeLatencyUs });
      counts.push(saved);
    }
    // The settings of speeds, and then the knob.
    expect(counts).toEqual([2, 2, 2]);
  });

  test("that nobody offers change nothing, and without any none is looked for", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = host.open();
    host.take();
    expect(await cpufreq.hold(0, {})).toBeUndefined();
    expect(host.take(/./)).toEqual([]);
    expect(await cpufreq.hold(0, { epp: "power" })).toBeUndefined();
    expect([host.of["s0"], cpufreq.held(0)?.missing, await cpufreq.hold(7, {})]).toEqual([
      { mode: "auto", speed: "3000000", knob: "0" },
      ["no power"],
      { reason: "CPU 7 is not managed" },
    ]);
  });

  test("are held before the call returns", () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = host.open();
    void cpufreq.hold(0, { resumeLatencyUs: 7 });
    expect(host.of["s0"]?.["knob"]).toBe("7");
    void cpufreq.applySlow({ clock: 0, setting: 1 });
    expect(host.of["s0"]?.["speed"]).toBe("2000000");
  });

  test.each([
    ["s0 read", "s0: EIO"],
    ["s0 extras baseline", "s0: EIO"],
    ["s0 readMore", "s0: EIO"],
    ["s0 write mode=auto speed=3000000 knob=7", "s0/mode: EIO"],
  ])("are refused whole: %s", async (what, reason) => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = host.open();
    host.fails = (each) => (each === what ? "EIO" : undefined);
    expect(await cpufreq.hold(0, { resumeLatencyUs: 7 })).toEqual({ reason });
    expect([host.of["s0"], cpufreq.held(0)?.knobs]).toEqual([
      { mode: "auto", speed: "3000000", knob: "0" },
      {},
    ]);
    host.fails = () => undefined;
    expect(await cpufreq.hold(0, { resumeLatencyUs: 7 })).toBeUndefined();
    expect(cpufreq.close()).toEqual([]);
    expect([host.of["s0"]?.["knob"], host.journal()]).toEqual(["0", {}]);
  });

  test("that a speed cannot have beside it are refused, and those before hold", async () => {
    using host = quickHost({ 0: ["s0", "s1"] });
    const cpufreq = host.open();
    await cpufreq.hold(0, { resumeLatencyUs: 5 });
    cpufreq.apply({ clock: 0, setting: 1 });
    for (const [what, reason] of [
      ["s1 extras speed", "s1: EIO"],
      ["s1 write knob=6", "s1/knob: EIO"],
    ] as const) {
      let left = 1;
      host.fails = (each) => (each === what && left-- > 0 ? "EIO" : undefined);
      expect(await cpufreq.hold(0, { resumeLatencyUs: 6 })).toEqual({ reason });
      expect([host.of["s0"], host.of["s1"]].map((each) => each?.["knob"])).toEqual(["5", "5"]);
    }
    host.fails = (each) => (each === "s0 extras baseline" ? "EIO" : undefined);
    expect(cpufreq.apply({ clock: 0, setting: "baseline" })).toEqual({ reason: "s0: EIO" });
  });

  test("are not changed where they could not be saved", async () => {
    using host = quickHost({ 0: ["s0"] });
    let refuses = "";
    const renameSync = (from: string, to: string) => {
      if (refuses !== "" && fs.readFileSync(from, "utf8").includes(refuses))
        throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
      fs.renameSync(from, to);
    };
    const cpufreq = host.open({}, { renameSync });
    for (refuses of ['"mode"', '"knob"']) {
      const reason = `restore journal in "${host.journalDirectory}": ENOSPC`;
      expect(await cpufreq.hold(0, { resumeLatencyUs: 7 })).toEqual({ reason });
      expect(host.of["s0"]?.["knob"]).toBe("0");
    }
    refuses = "";
    delete host.of["s0"]?.["knob"];
    const reason = "s0/knob: no valid content that could be restored";
    expect(await cpufreq.hold(0, { resumeLatencyUs: 7 })).toEqual({ reason });
  });
});
