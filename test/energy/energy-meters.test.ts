import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { hostCpuTimeNs } from "../../src/energy/cpu-time.ts";
import { EnergyMeters } from "../../src/energy/energy-meters.ts";
import { readText } from "../../src/energy/files.ts";
import { MeterTree, zone } from "./tree.ts";

const INTERVAL_MS = 10_000;

function open(tree: MeterTree, meters: "auto" | readonly string[] = "auto", reads: string[] = []) {
  return new EnergyMeters({
    powercap: tree.powercap,
    hwmon: tree.hwmon,
    meters,
    intervalMs: INTERVAL_MS,
    nowMs: () => tree.nowMs,
    read(file) {
      reads.push(file.slice(tree.root.length + 1));
      return readText(file);
    },
  });
}

/** Reads the meters once more, an interval later. */
async function next(tree: MeterTree, meters: EnergyMeters) {
  tree.nowMs += INTERVAL_MS;
  return meters.read();
}

const joules = (measured: Awaited<ReturnType<EnergyMeters["read"]>>) =>
  measured.state === "complete" ? measured.joules : measured.state;

test("two packages are summed, and only those that count are read later", async () => {
  using tree = new MeterTree();
  const reads: string[] = [];
  const set = (uj: number) =>
    tree.write({
      ...zone("intel-rapl:0", "package-0", uj),
      ...zone("intel-rapl:0/intel-rapl:0:0", "core", uj / 2),
      ...zone("intel-rapl:1", "package-1", 2 * uj),
      ...zone("intel-rapl:2", "psys", 4 * uj),
    });
  set(100_000_000);
  const meters = open(tree, "auto", reads);
  expect(joules(await meters.read())).toBe("waiting");
  set(200_000_000);
  expect(await next(tree, meters)).toEqual({ state: "complete", joules: 300, sinceMs: 1000 });
  expect(meters.used).toEqual(["package-0", "package-1"]);
  reads.length = 0;
  set(300_000_000);
  expect(await next(tree, meters)).toEqual({ state: "complete", joules: 300, sinceMs: 11_000 });
  expect(reads.sort()).toEqual(["powercap/intel-rapl:0/energy_uj", "powercap/intel-rapl:1/energy_uj"]);
  expect(meters.problem).toBeUndefined();
});

test("while one of several meters repeats its number, the sum waits for it", async () => {
  using tree = new MeterTree();
  const set = (first: number, second: number) =>
    tree.write({
      ...zone("intel-rapl:0", "package-0", first),
      ...zone("intel-rapl:1", "package-1", second),
    });
  set(1_000_000, 1_000_000);
  const meters = open(tree);
  await meters.read();
  set(101_000_000, 101_000_000);
  expect(joules(await next(tree, meters))).toBe(200);
  set(201_000_000, 101_000_000);
  expect(joules(await next(tree, meters))).toBe("waiting");
  set(301_000_000, 301_000_000);
  expect(joules(await next(tree, meters))).toBe(400);
});

test("registers that always read 0 give way to the same package by memory", async () => {
  using tree = new MeterTree();
  const set = (uj: number) =>
    tree.write({
      ...zone("intel-rapl:0", "package-0", 0),
      ...zone("intel-rapl-mmio:0", "package-0", uj),
    });
  set(1_000_000);
  const meters = open(tree);
  await meters.read();
  set(51_000_000);
  expect(joules(await next(tree, meters))).toBe(50);
  expect(meters.used).toEqual(["package-0"]);
});

test("a host whose only meter always reads 0 has none, and says why", async () => {
  using tree = new MeterTree();
  tree.write(zone("intel-rapl:0", "package-0", 0));
  const meters = open(tree);
  const seen = new Set<unknown>([joules(await meters.read())]);
  for (let i = 0; i < 7; i++) seen.add(joules(await next(tree, meters)));
  expect([...seen]).toEqual(["waiting", "none"]);
  expect(meters.problem).toBe("package-0: it stands still");
});

test("a zone that vanishes does not count, and another meter takes its place", async () => {
  using tree = new MeterTree();
  const set = (uj: number, uw: number) =>
    tree.write({
      ...(uj > 0 ? zone("intel-rapl:0", "package-0", uj) : {}),
      "hwmon/hwmon3/device/name": "power_meter",
      "hwmon/hwmon3/device/power1_average": uw,
    });
  set(1_000_000, 80_000_000);
  const meters = open(tree);
  await meters.read();
  set(501_000_000, 80_000_000);
  expect(joules(await next(tree, meters))).toBe(500);
  tree.remove("powercap");
  for (let i = 0; i < 5; i++) expect(joules(await next(tree, meters))).toBe("waiting");
  expect(meters.problem).toBe("package-0: no such file or directory");
  let measured = await next(tree, meters);
  while (measured.state !== "complete") measured = await next(tree, meters);
  expect(meters.used).toEqual(["power_meter/power1"]);
  // Ten seconds at 80 W, and it says that it knows of no more.
  expect(measured).toEqual({ state: "complete", joules: 800, sinceMs: tree.nowMs - INTERVAL_MS });
});

test("a meter of a driver that is loaded later is found", async () => {
  using tree = new MeterTree();
  const meters = open(tree);
  expect(joules(await meters.read())).toBe("none");
  let uj = 1_000_000;
  for (let i = 0; i < 31; i++) {
    uj += 300_000_000;
    tree.write(zone("intel-rapl:0", "package-0", uj));
    await next(tree, meters);
  }
  expect(joules(await meters.read())).toBe("waiting"); // read twice at one time
  uj += 300_000_000;
  tree.write(zone("intel-rapl:0", "package-0", uj));
  expect(joules(await next(tree, meters))).toBe(300);
});

test("meters are taken by name, and one that is missing is told", async () => {
  using tree = new MeterTree();
  tree.write({
    ...zone("intel-rapl:0", "package-0", 1),
    "hwmon/hwmon0/name": "ina226",
    "hwmon/hwmon0/power1_input": 30_000_000,
  });
  const meters = open(tree, ["ina226/power1", "psys"]);
  await meters.read();
  expect(joules(await next(tree, meters))).toBe(300);
  expect([meters.used, meters.problem]).toEqual([["ina226/power1"], "psys: there is no such meter"]);
});

test("a file that is no number, or not a file, is no reading", async () => {
  using tree = new MeterTree();
  tree.write({ ...zone("intel-rapl:0", "package-0", 1), "powercap/intel-rapl:0/energy_uj": "1e6 lots" });
  mkdirSync(join(tree.powercap, "intel-rapl:1/energy_uj"), { recursive: true });
  tree.write({ "powercap/intel-rapl:1/name": "package-1" });
  const meters = open(tree);
  await meters.read();
  expect(joules(await next(tree, meters))).toBe("waiting");
  expect(meters.problem).toBe("package-1: it is a directory");
});

test("hostCpuTimeNs() reads the root control group", async () => {
  using tree = new MeterTree();
  tree.write({ "cgroup/cpu.stat": "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567" });
  expect(await hostCpuTimeNs(join(tree.root, "cgroup"))).toBe(1_234_567_000);
  expect(await hostCpuTimeNs(join(tree.root, "nothing"))).toBeUndefined();
});
