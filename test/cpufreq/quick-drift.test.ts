import { describe, expect, test } from "bun:test";
import { type QuickHost, quickHost } from "./quick-backend.ts";

/** A clock at 2 GHz, with a latency or a governor as a knob. */
async function held(host: QuickHost, onDrift: "reassert" | "yield", knobs = {}) {
  const cpufreq = host.open({ onDrift });
  cpufreq.apply({ clock: 0, setting: 1 });
  await cpufreq.hold(0, knobs);
  host.take();
  return cpufreq;
}

/** Another program's change. */
function change(host: QuickHost, name: string, text: string): void {
  (host.of["s0"] ?? {})[name] = text;
}

const outcomes = ({ drifts }: QuickHost) => drifts.map(({ file, outcome }) => `${file} ${outcome}`);

describe("what is forgotten when a clock has its own settings again", () => {
  test("how often another program set it: that counts anew after the next request", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert");
    for (let i = 0; i < 5; i++) {
      change(host, "speed", "1000000");
      cpufreq.refresh();
    }
    cpufreq.apply({ clock: 0, setting: "baseline" });
    cpufreq.refresh();
    cpufreq.apply({ clock: 0, setting: 1 });
    change(host, "speed", "1000000");
    cpufreq.refresh();
    expect(outcomes(host)).toEqual(Array.from({ length: 6 }, () => "s0/speed reasserted"));
  });

  test("that another program set it last: what the kernel makes of the next speed is no drift", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert");
    change(host, "speed", "1000000");
    host.fails = (what) => (what.startsWith("s0 set") ? "EBUSY" : undefined);
    cpufreq.refresh();
    host.fails = () => undefined;
    cpufreq.apply({ clock: 0, setting: "baseline" });
    cpufreq.refresh();
    host.rounds = (text) => (text === "2000000" ? "1999000" : text);
    cpufreq.apply({ clock: 0, setting: 1 });
    cpufreq.refresh();
    expect(outcomes(host)).toEqual(["s0/speed failed"]);
  });
});

describe("another program's speed", () => {
  test("is overwritten, and what the kernel then makes of ours is no drift", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert");
    change(host, "speed", "1000000");
    host.fails = (what) => (what.startsWith("s0 set") ? "EBUSY" : undefined);
    cpufreq.refresh();
    // While it is refused it is no rounding of ours, and nothing is said of what cannot be read for the moment.
    expect(cpufreq.inspect({ clock: 0, setting: 1 }).map(({ ok }) => ok)).toEqual([true, false]);
    host.fails = (what) => (what.includes(" read ") ? "EIO" : undefined);
    cpufreq.refresh();
    expect(outcomes(host)).toEqual(["s0/speed failed"]);
    change(host, "speed", "3000000");
    host.fails = () => undefined;
    host.rounds = (text) => (text === "2000000" ? "1999000" : text);
    cpufreq.refresh();
    expect(outcomes(host)).toEqual(["s0/speed failed", "s0/speed reasserted"]);
    cpufreq.refresh();
    expect(host.drifts.length).toBe(2);
    expect(cpufreq.inspect({ clock: 0, setting: 1 }).map(({ ok }) => ok)).toEqual([true, true]);
  });

  test("is seen where another setting of the clock cannot be read", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert");
    change(host, "speed", "1000000");
    host.fails = (what) => (what === "s0 read mode" ? "EIO" : undefined);
    cpufreq.refresh();
    expect(host.of["s0"]?.["speed"]).toBe("2000000");
    expect(outcomes(host)).toEqual(["s0/speed reasserted"]);
  });

  test("that was refused ours is still another program's after a look that could not read it", async () => {
    using host = quickHost({ 0: ["s0", "s1"] });
    const cpufreq = await held(host, "reassert");
    change(host, "speed", "1000000");
    host.fails = (what) => (what.startsWith("s0 set") ? "EBUSY" : undefined);
    cpufreq.refresh();
    host.fails = (what) => (what === "s0 read speed" ? "EIO" : undefined);
    cpufreq.refresh();
    expect(cpufreq.inspect({ clock: 0, setting: 1 }).map(({ file, ok }) => [file, ok])).toEqual([
      ["s0/mode", true],
      ["s0/speed", false],
      ["s1/mode", true],
      ["s1/speed", true],
    ]);
    // Also where the rest of the clock is written again in that look.
    Object.assign(host.of["s1"] ?? {}, { speed: "3000000" });
    cpufreq.refresh();
    expect(host.of).toMatchObject({ s0: { speed: "1000000" }, s1: { speed: "2000000" } });
    host.fails = () => undefined;
    cpufreq.refresh();
    expect(host.of).toMatchObject({ s0: { speed: "2000000" }, s1: { speed: "2000000" } });
    expect(outcomes(host)).toEqual(["s0/speed failed", "s1/speed reasserted", "s0/speed reasserted"]);
  });

  test("that went by itself leaves ours, of which what the kernel makes is no drift", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert");
    change(host, "speed", "1000000");
    host.fails = (what) => (what.startsWith("s0 set") ? "EBUSY" : undefined);
    cpufreq.refresh();
    host.fails = () => undefined;
    change(host, "speed", "2000000");
    cpufreq.refresh();
    host.rounds = (text) => (text === "1000000" ? "999000" : text);
    cpufreq.apply({ clock: 0, setting: 2 });
    cpufreq.refresh();
    expect(outcomes(host)).toEqual(["s0/speed failed"]);
  });

  test("that the kernel keeps has failed, though nothing was refused", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert");
    change(host, "speed", "1000000");
    host.rounds = (text) => (text === "2000000" ? "1000000" : text);
    cpufreq.refresh();
    expect(outcomes(host)).toEqual(["s0/speed failed"]);
  });

  test("is left with yield, with all that was found at once, until the next request", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "yield");
    change(host, "speed", "1000000");
    cpufreq.refresh();
    change(host, "speed", "3000000");
    for (let i = 0; i < 2; i++) cpufreq.refresh();
    expect([outcomes(host), host.take(), host.counts.lists]).toEqual([["s0/speed yielded"], [], 1]);
    expect(cpufreq.apply({ clock: 0, setting: 1 })).toBeUndefined();
    expect(host.take()).toEqual(["s0 prepare mode=manual", "s0 set speed=2000000"]);
    expect(cpufreq.inspect({ clock: 0, setting: 1 }).map(({ ok }) => ok)).toEqual([true, true]);
  });

  test("is left after five looks in a row that find one, and told then", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert");
    for (let i = 0; i < 6; i++) {
      expect(host.lines.filter((line) => line.startsWith("warning"))).toEqual([]);
      change(host, "speed", "1000000");
      cpufreq.refresh();
    }
    expect(outcomes(host)).toEqual([...new Array(5).fill("s0/speed reasserted"), "s0/speed yielded"]);
    expect(host.lines.at(-2)).toBe(
      "warning: CPU 0 was changed 6 times in a row by another program: left to it until the next request",
    );
  });
});

describe("another program's change of a knob", () => {
  test("is overwritten, or failed if it is refused or the kernel keeps it", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert", { resumeLatencyUs: 7 });
    const found: unknown[] = [];
    for (const [other, refusal, kept] of [
      ["9", undefined, "7"],
      ["9", "EBUSY", "7"],
      ["5", undefined, "5"],
    ] as const) {
      change(host, "knob", other);
      host.fails = (what) => (what === "s0 write knob=7" ? refusal : undefined);
      host.rounds = (text) => (text === "7" ? kept : text);
      cpufreq.refresh();
      found.push(host.take());
    }
    expect(found).toEqual(new Array(3).fill(["s0 write knob=7"]));
    expect(outcomes(host)).toEqual(["s0/knob reasserted", "s0/knob failed", "s0/knob failed"]);
  });

  test("is left with yield, and written no more", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "yield", { resumeLatencyUs: 7 });
    change(host, "knob", "9");
    for (let i = 0; i < 2; i++) cpufreq.refresh();
    expect([outcomes(host), host.take()]).toEqual([["s0/knob yielded"], []]);
  });

  test("that the kernel rounds, or that cannot be read for the moment, is none", async () => {
    using host = quickHost({ 0: ["s0"] });
    host.rounds = (text) => (text === "7" ? "8" : text);
    const cpufreq = await held(host, "reassert", { resumeLatencyUs: 7 });
    cpufreq.refresh();
    expect(
      cpufreq.inspect({ clock: 0, setting: 1 }).map(({ file, ours, found, ok }) => [file, ours, found, ok]),
    ).toEqual([
      ["s0/mode", "manual", "manual", true],
      ["s0/speed", "2000000", "2000000", true],
      ["s0/knob", "7", "8", true],
    ]);
    delete host.of["s0"]?.["knob"];
    cpufreq.refresh();
    expect(host.drifts).toEqual([]);
  });

  test("that the speed needs as well is one drift", async () => {
    using host = quickHost({ 0: ["s0"] });
    const cpufreq = await held(host, "reassert", { governors: ["manual"] });
    change(host, "mode", "auto");
    cpufreq.refresh();
    expect([outcomes(host), host.take()]).toEqual([
      ["s0/mode reasserted"],
      ["s0 prepare mode=manual", "s0 set speed=2000000"],
    ]);
  });
});

test("a back end that says it answers at once, and does not, is a fault of ours", async () => {
  using host = quickHost({ 0: ["s0"], 1: ["s1"] });
  const cpufreq = await held(host, "reassert");
  const { list } = host.backend;
  const later = quickHost({ 0: ["s0"] });
  const scope = list().clocks[0]?.scopes[0];
  if (scope === undefined) throw new Error("No scope");
  Object.assign(later.backend, {
    list: () => {
      const { clocks, ...rest } = list();
      const slow = (open: object) => ({
        ...open,
        prepare: () => undefined,
        set: (speed: number) => (speed === 2 ? Promise.resolve(undefined) : undefined),
      });
      const open = () => {
        const opened = scope.open();
        return opened.ok ? { ok: true, value: slow(opened.value) } : opened;
      };
      return {
        ...rest,
        clocks: clocks.slice(0, 1).map((each) => ({ ...each, scopes: [{ ...scope, open }] })),
      };
    },
  });
  const lying = later.open();
  const message = "Expected a back end that answers at once";
  expect(() => lying.apply({ clock: 0, setting: 2 })).toThrow(message);
  lying.apply({ clock: 0, setting: 0 });
  lying.apply({ clock: 0, setting: 1 });
  expect(() => lying.apply({ clock: 0, setting: 2 })).toThrow(message);
  later[Symbol.dispose]();
  cpufreq.leave();
});
