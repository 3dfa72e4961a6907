import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { quickHost } from "./quick-backend.ts";

const NOTHING: string[] = [];
const PUT_BACK = "s0 write mode=auto speed=3000000";

test("a speed is prepared once, and other speeds need no more than one write each", () => {
  using host = quickHost({ 0: ["s0", "s1"] });
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 1 });
  expect(host.take(/^s\d (read$|prepare|set|write|open|close)/)).toEqual(
    ["s0", "s1"].flatMap((scope) =>
      ["read", "open", "prepare mode=manual", "set speed=2000000"].map((what) => `${scope} ${what}`),
    ),
  );
  cpufreq.apply({ clock: 0, setting: 1 });
  cpufreq.apply({ clock: 0, setting: 2 });
  expect(host.take(/./)).toEqual(["s0 set speed=1000000", "s1 set speed=1000000"]);
  expect(cpufreq.apply({ clock: 0, setting: "baseline" })).toBeUndefined();
  expect([host.take(), host.journal()]).toEqual([
    [PUT_BACK, "s0 close", "s1 write mode=auto speed=3000000", "s1 close"],
    {},
  ]);
});

test("a speed between two entries is set where the clock takes any, and is not prepared again", () => {
  using host = quickHost({ 0: ["s0"], 5: ["s5"] });
  const cpufreq = host.open();
  const setting = { khz: 1_500_000 };
  expect([
    cpufreq.apply({ clock: 0, setting }),
    cpufreq.apply({ clock: 0, setting: 3 }),
    cpufreq.apply({ clock: 5, setting: 1 }),
    cpufreq.apply({ clock: 5, setting }),
    cpufreq.apply({ clock: 9, setting }),
  ]).toEqual([
    { reason: 'clock 0 has no speed {"khz":1500000}' },
    { reason: "clock 0 has no speed 3" },
    undefined,
    undefined,
    { reason: "CPU 9 is not managed" },
  ]);
  expect(host.take()).toEqual([
    ...["s5 open", "s5 prepare mode=manual", "s5 set speed=2000000", 's5 set speed={"khz":1500000}'],
  ]);
});

describe("what is refused leaves what was before", () => {
  test.each([
    ["s0 read", "EIO", "s0: EIO", NOTHING],
    ["s0 open", "EMFILE", "s0: EMFILE", ["s0 open", PUT_BACK]],
    [
      "s0 prepare mode=manual",
      "EPERM",
      "s0/mode: EPERM",
      ["s0 open", "s0 prepare mode=manual", PUT_BACK, "s0 close"],
    ],
    [
      "s0 set speed=2000000",
      "EBUSY",
      "s0/speed: EBUSY",
      ["s0 open", "s0 prepare mode=manual", "s0 set speed=2000000", PUT_BACK, "s0 close"],
    ],
  ])("first speed: %s", (what, errno, reason, done) => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = host.open();
    host.take();
    host.fails = (each) => (each === what ? errno : undefined);
    expect([cpufreq.apply({ clock: 0, setting: 1 }), host.take(), host.journal()]).toEqual([
      { reason },
      done,
      {},
    ]);
    host.fails = () => undefined;
    expect(cpufreq.apply({ clock: 0, setting: 1 })).toBeUndefined();
  });

  test("a later speed: all scopes are prepared and set again", () => {
    using host = quickHost({ 0: ["s0", "s1"] });
    const cpufreq = host.open();
    cpufreq.apply({ clock: 0, setting: 1 });
    host.take();
    host.fails = (what) => (what === "s1 set speed=1000000" ? "EBUSY" : undefined);
    expect(cpufreq.apply({ clock: 0, setting: 2 })).toEqual({ reason: "s1/speed: EBUSY" });
    const again = ["s0", "s1"].flatMap((scope) => [
      `${scope} prepare mode=manual`,
      `${scope} set speed=2000000`,
    ]);
    expect(host.take()).toEqual(["s0 set speed=1000000", "s1 set speed=1000000", ...again]);
    // If that is refused too, the setting is not known, and the next refusal puts all back.
    host.fails = (what) => (/s1 (set|prepare)/.test(what) ? "EBUSY" : undefined);
    expect(cpufreq.apply({ clock: 0, setting: 2 })).toEqual({ reason: "s1/speed: EBUSY" });
    expect(cpufreq.apply({ clock: 0, setting: 1 })).toEqual({ reason: "s1/mode: EBUSY" });
    host.fails = () => undefined;
    expect(cpufreq.apply({ clock: 0, setting: 1 })).toBeUndefined();
    expect(host.take().slice(-6)).toEqual(
      ["s0", "s1"].flatMap((scope) =>
        ["open", "prepare mode=manual", "set speed=2000000"].map((what) => `${scope} ${what}`),
      ),
    );
  });

  test("a baseline: it is owed, until it is put back, or a speed is accepted", () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = host.open();
    const refuseBaseline = () => {
      cpufreq.apply({ clock: 0, setting: 1 });
      host.fails = (what) => (what === PUT_BACK ? "EIO" : undefined);
      for (let i = 0; i < 2; i++)
        expect(cpufreq.apply({ clock: 0, setting: "baseline" })).toEqual({ reason: "s0/mode: EIO" });
      host.fails = () => undefined;
      host.take();
    };
    refuseBaseline();
    cpufreq.refresh();
    expect([host.take(), Object.keys(host.journal())]).toEqual([[PUT_BACK, "s0 close"], []]);
    refuseBaseline();
    cpufreq.apply({ clock: 0, setting: 2 });
    host.take();
    cpufreq.refresh();
    expect(host.take()).toEqual([]);
    expect(host.of["s0"]?.["speed"]).toBe("1000000");
  });
});

test("an entry that cannot be removed is told, and one that is gone is no fault", () => {
  using host = quickHost({ 0: ["s0"] });
  let refuses = true;
  const unlinkSync = (path: string) => {
    if (refuses) throw Object.assign(new Error("EROFS"), { code: "EROFS" });
    fs.unlinkSync(path);
  };
  const cpufreq = host.open({}, { unlinkSync });
  const baseline = () => cpufreq.apply({ clock: 0, setting: "baseline" });
  cpufreq.apply({ clock: 0, setting: 1 });
  expect(baseline()).toEqual({ reason: `restore journal in "${host.journalDirectory}": EROFS` });
  expect(Object.keys(host.journal())).toEqual(["s0.json"]);
  refuses = false;
  cpufreq.refresh();
  expect(host.journal()).toEqual({});
  cpufreq.apply({ clock: 0, setting: 1 });
  fs.rmSync(host.journalDirectory, { recursive: true });
  expect(baseline()).toBeUndefined();
});
