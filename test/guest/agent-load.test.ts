import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { busyPercent } from "../../src/guest/agent/busy.ts";
import { decide, type Standing, UNKNOWN } from "../../src/guest/agent/controller.ts";
import { parseStat, procStat } from "../../src/guest/agent/proc-stat.ts";
import { dpdkTelemetry, parseUsage } from "../../src/guest/agent/telemetry.ts";
import { telemetryServer } from "./seqpacket-server.ts";
import { temporaryDirectory } from "./temporary.ts";

const AIM = { targetPercent: 60, deadBandPercent: 15, cooldownMs: 5000 };
const LONG_AGO: Standing = { at: undefined, steps: 0, askedAtMs: 0 };

describe("decide()", () => {
  const at = (end: "max" | "min", askedAtMs: number): Standing => ({ at: end, steps: 0, askedAtMs });

  test.each([
    ["nothing in the dead band", 60, 10_000, LONG_AGO, undefined],
    ["nothing at its lower edge", 45, 10_000, LONG_AGO, undefined],
    ["nothing at its upper edge", 75, 10_000, LONG_AGO, undefined],
    ["up above it", 76, 10_000, LONG_AGO, "up"],
    ["up also right after another request", 76, 1, LONG_AGO, "up"],
    ["all there is when it is never idle", 97, 1, LONG_AGO, "max"],
    ["that once", 100, 10_000, at("max", 0), undefined],
    ["that again after a while, as the host may have forgotten", 100, 30_000, at("max", 0), "max"],
    ["no step above the highest", 80, 10_000, at("max", 0), undefined],
    ["down below it", 44, 5000, LONG_AGO, "down"],
    ["nothing lower before the cooldown is over", 44, 4999, LONG_AGO, undefined],
    ["the lowest when there is nothing to do", 3, 5000, LONG_AGO, "min"],
    ["that once as well", 0, 10_000, at("min", 0), undefined],
    ["no step below the lowest", 20, 10_000, at("min", 0), undefined],
    ["at first, what fits", 0, 0, UNKNOWN, "min"],
  ] as const)("asks for %s", (_, busy, nowMs, standing, ask) => {
    expect(decide(busy, nowMs, standing, AIM)?.ask).toBe(ask as "up");
  });

  test("stops asking at the end of the longest table, and asks for the end itself from time to time", () => {
    const asked: string[] = [];
    let standing = UNKNOWN;
    for (let second = 0; second < 130; second++) {
      const wish = decide(90, second * 1000, standing, AIM);
      if (wish !== undefined) asked.push(wish.ask);
      standing = wish?.granted ?? standing;
    }
    expect([asked.filter((ask) => ask === "up").length, asked.slice(63)]).toEqual([
      63,
      ["max", "max", "max"],
    ]);
  });

  test("reaches a stable speed on a CPU that gets the speed it asks for", () => {
    // Work that needs this many kHz of a table of ten; the result is the speed at which the agent stays.
    const khz = Array.from({ length: 10 }, (_, i) => 3_000_000 - 200_000 * i);
    fc.assert(
      fc.property(fc.integer({ min: 200_000, max: 2_900_000 }), fc.nat(9), (work, start) => {
        let index = start;
        let standing = UNKNOWN;
        const asked: number[] = [];
        for (let second = 0; second < 300; second++) {
          const busy = Math.min(100, (100 * work) / (khz[index] as number));
          const wish = decide(busy, second * 1000, standing, AIM);
          if (wish === undefined) continue;
          standing = wish.granted;
          const next = { up: index - 1, down: index + 1, max: 0, min: 9 }[wish.ask as "up"];
          if (Math.max(0, Math.min(9, next)) !== index) asked.push(second);
          index = Math.max(0, Math.min(9, next));
        }
        expect(Math.max(0, ...asked)).toBeLessThan(70);
      }),
    );
  });
});

describe("load of a vCPU", () => {
  test("parseStat() reads /proc/stat, and leaves out steal time", () => {
    const text =
      "cpu  900 0 100 9000 0 0 0 0 0 0\n" +
      "cpu0 100 10 20 800 50 5 15 4000 0 0\n" + // user nice system idle iowait irq softirq steal
      "cpu12 1 1 1 1 1 1 1\n" +
      "intr 12345 0 0\n" +
      "cpux 1 2 3\n";
    expect([...parseStat(text)]).toEqual([
      [0, { busy: 150, total: 1000 }],
      [12, { busy: 5, total: 7 }],
    ]);
  });

  test("procStat() reads the file of this machine", async () => {
    const source = procStat();
    const [first, again] = [await source.read(), await source.read()];
    source.close();
    expect((again?.get(0)?.total ?? -1) - (first?.get(0)?.total ?? 0)).toBeGreaterThanOrEqual(0);
  });

  const usage = (value: unknown) => JSON.stringify({ "/eal/lcore/usage": value });

  test("parseUsage() reads the reply of DPDK's telemetry", () => {
    const three = usage({ lcore_ids: [1, 5], total_cycles: [1000, 2000], busy_cycles: [10, 20] });
    expect([...(parseUsage(three) ?? [])]).toEqual([
      [1, { busy: 10, total: 1000 }],
      [5, { busy: 20, total: 2000 }],
    ]);
  });

  test.each([
    "",
    "null",
    "[]",
    "{}",
    usage(null),
    usage({}),
    usage({ lcore_ids: [], total_cycles: [], busy_cycles: [] }),
  ])("parseUsage() treats %j as no reply", (text) => {
    expect(parseUsage(text)).toBeUndefined();
  });

  test("dpdkTelemetry() works with a program that starts and stops", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "dpdk_telemetry.v2");
    const source = dpdkTelemetry(path);
    expect(await source.read()).toBeUndefined();
    const asked: string[] = [];
    const serve = (busy: number) =>
      telemetryServer(path, (command) => {
        asked.push(command);
        return usage({ lcore_ids: [1], total_cycles: [1000], busy_cycles: [busy] });
      });
    let server = serve(10);
    expect([...((await source.read()) ?? [])]).toEqual([[1, { busy: 10, total: 1000 }]]);
    expect([...((await source.read()) ?? [])]).toEqual([[1, { busy: 10, total: 1000 }]]);
    server.close();
    fs.rmSync(path);
    expect(await source.read()).toBeUndefined();
    server = serve(99);
    expect([...((await source.read()) ?? [])]).toEqual([[1, { busy: 99, total: 1000 }]]);
    expect(asked).toEqual(["/eal/lcore/usage", "/eal/lcore/usage", "/eal/lcore/usage"]);
    source.close();
    server.close();
  });

  test.each([
    [{ busy: 0, total: 0 }, { busy: 25, total: 100 }, 25],
    [{ busy: 5, total: 100 }, { busy: 5, total: 100 }, undefined], // no time has passed
    [{ busy: 50, total: 100 }, { busy: 5, total: 200 }, undefined], // another program counts from 0
    [undefined, { busy: 5, total: 200 }, undefined],
  ])("busyPercent(%j, %j)", (before, after, percent) => {
    expect(busyPercent(before, after)).toBe(percent as number);
  });
});
