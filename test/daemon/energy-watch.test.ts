import { expect, test } from "bun:test";
import type { Domain } from "../../src/base/domain.ts";
import { EnergyFile } from "../../src/daemon/energy/energy-file.ts";
import { EnergyWatch } from "../../src/daemon/energy/energy-watch.ts";
import { EnergyMeters } from "../../src/energy/energy-meters.ts";
import { emptyState } from "../../src/ledger/account.ts";
import { SpeedUse } from "../../src/ledger/speed-use.ts";
import { MeterTree, zone } from "../energy/tree.ts";
import { testClock } from "../ledger/clock.ts";
import { realTime } from "./time.ts";
import { until } from "./until.ts";

const INTERVAL_MS = 40;
const SILENT = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };

function running(name: string, pcpu: number): Domain {
  return { name, state: "running", origin: "booted", pins: [[pcpu]], channels: undefined };
}

/** A watch over two VMs on CPUs of 2 GHz, of which one is busy half of its time, and over a package of 100 W. */
function open(tree: MeterTree) {
  const { alarm, time } = realTime();
  const clocks = [testClock(0), testClock(1)];
  const domains = new Map([running("busy", 0), running("half", 1)].map((domain) => [domain.name, domain]));
  const count = () =>
    tree.write(zone("intel-rapl:0", "package-0", Math.round(1e8 + performance.now() * 100_000)));
  count();
  const asked: string[] = [];
  const watch = new EnergyWatch({
    ...{ alarm, time, intervalMs: INTERVAL_MS, stored: { state: emptyState(0), counters: {} } },
    arbiter: { setting: (id: number) => ({ clock: clocks[id], accepted: 2 }) as never },
    cpufreq: { clocks: () => clocks, unmanaged: () => [] },
    domains: () => domains,
    async vcpuTimes(name) {
      asked.push(name);
      return new Map([[0, performance.now() * (name === "busy" ? 1e6 : 5e5)]]);
    },
    // 10 W in one package.
    coreEnergy: async (name) => (name === "busy" ? new Map([["0/0", performance.now() / 100]]) : undefined),
    hostCpuTimeNs: async () => performance.now() * 2e6,
    speeds: new SpeedUse(),
    meters: new EnergyMeters({
      ...{ powercap: tree.powercap, hwmon: tree.hwmon, meters: "auto", intervalMs: INTERVAL_MS },
      nowMs: () => performance.now(),
    }),
    file: new EnergyFile(tree.root, SILENT),
    fileTime: () => ({ boot: { bootMs: performance.now(), wallMs: Date.now() }, monoMs: performance.now() }),
  });
  const timer = setInterval(count, 5);
  watch.begin();
  return {
    ...{ watch, asked, domains },
    close() {
      clearInterval(timer);
      watch.close();
      alarm.close();
    },
  };
}

test("VMs get shares by their CPU times, the host the rest of its own, and all is what was measured", async () => {
  using tree = new MeterTree();
  const { watch, asked, close } = open(tree);
  const { total } = watch.account.state;
  await until(() => total.joules > 40);
  close();
  expect(new Set(asked)).toEqual(new Set(["busy", "half"]));
  expect(total.metered).toBeCloseTo(total.joules, 6);
  const [busy = 0, half = 0] = ["busy", "half"].map((vm) => total.vms.get(vm)?.joules);
  // At first a VM counts as one that polls, so the second is somewhat above the half.
  expect(busy / half).toBeGreaterThan(1.2);
  expect(busy / half).toBeLessThan(2.1);
  // Of two CPUs that were busy all the time, VMs had one and a half.
  expect(total.host).toBeGreaterThan(0);
  expect(total.host).toBeLessThan(busy);
  expect(busy + half + total.host + total.idle).toBeCloseTo(total.joules, 6);
  // What cores used is told beside it, and nothing of the sum.
  const cores = total.vms.get("busy")?.coreJoules ?? 0;
  expect(cores).toBeGreaterThan(0.05 * total.joules);
  expect(cores).toBeLessThan(0.12 * total.joules);
  expect(total.vms.get("half")?.coreJoules).toBeUndefined();
});

test("the first interval is stored at once, so that a kill in the first minute loses no counter", async () => {
  using tree = new MeterTree();
  const { watch, close } = open(tree);
  await until(() => watch.account.state.total.joules > 0);
  const now = { boot: { bootMs: performance.now(), wallMs: Date.now() }, monoMs: performance.now() };
  const stored = new EnergyFile(tree.root, SILENT).read(now);
  close();
  expect(Object.keys(stored.counters)).toEqual(["package-0"]);
  expect(stored.state.total.joules).toBeGreaterThan(0);
});

test("a VM that ended is asked for nothing more, and keeps what it used", async () => {
  using tree = new MeterTree();
  const { watch, asked, domains, close } = open(tree);
  const { total } = watch.account.state;
  await until(() => (total.vms.get("half")?.joules ?? 0) > 0);
  domains.delete("half");
  const had = total.vms.get("half")?.joules ?? 0;
  await until(() => total.joules > 40);
  const before = asked.filter((vm) => vm === "half").length;
  await Bun.sleep(3 * INTERVAL_MS);
  close();
  expect(asked.filter((vm) => vm === "half").length).toBe(before);
  expect(total.vms.get("half")?.joules).toBeGreaterThanOrEqual(had);
});
