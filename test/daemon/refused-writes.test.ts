import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Setting } from "../../src/base/clock.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { orderCpus } from "../../src/daemon/operators/cpu-orders.ts";
import { finish } from "../../src/daemon/operators/loop-slices.ts";
import { OperatorStore } from "../../src/daemon/operators/operator-store.ts";
import { orderAgain } from "../../src/daemon/operators/order-again.ts";
import { verify } from "../../src/daemon/operators/verify.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { clock, domain, FREE, request } from "../arbiter/fixture.ts";
import { ACPI_KHZ, testHost, watchedDisk } from "../cpufreq/test-host.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { at, keepLines, realTime } from "./time.ts";

const CALLER = { uid: 0, gid: 0, pid: 7 };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-refused-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The parts of a daemon with VM web1 on CPU 2, and a kernel that refuses writes when the test says so. */
function makeDaemon(time = realTime().time, pcpus: readonly number[] = [2]) {
  const written: Setting[] = [];
  const lines: string[] = [];
  const kernel = { refuses: false };
  let tries = 0;
  const clocks = [clock(pcpus)];
  const recording = recordingCpufreq(clocks, written);
  const cpufreq = {
    ...recording,
    apply(write: Parameters<typeof recording.apply>[0]) {
      tries++;
      return kernel.refuses ? { reason: "cpu2/cpufreq/scaling_setspeed: EBUSY" } : recording.apply(write);
    },
  };
  const { alarm, moment } = realTime();
  const line = (message: string) => void lines.push(message);
  const log = { error: line, warning: line, notice: line, info: line, debug: line };
  const store = new OperatorStore(directory, log);
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const ordersEnded = (ids: readonly number[]) => {
    for (const pcpu of ids.flatMap((id) => arbiter.clock(id)?.clock.pcpus ?? []))
      store.noteCpu(pcpu, undefined);
    store.save();
  };
  const doing = new Clocks({ arbiter, cpufreq, log: keepLines(lines), time, alarm, moment, ordersEnded });
  doing.settle(arbiter.setClocks(clocks), "the start");
  doing.settle(arbiter.setDomain(domain("web1", [[2]]), FREE), "web1");
  const acts = { report() {} };
  const parts = { arbiter, clocks: doing, store, time, acts } as unknown as Parts;
  return {
    arbiter,
    kernel,
    written,
    doing,
    tries: () => tries,
    ask: (action: "min" | "max") => doing.perform(arbiter.scale("web1", request(0, action), at(1))),
    /** The host has one clock of these CPUs now; the others of it are offline. */
    online: (...left: number[]) => {
      const named = { ...clock(left), id: Math.min(...pcpus) };
      doing.settle(arbiter.setClocks([named]), "a change of the host's CPUs");
      orderAgain(store, "a change of the host's CPUs", { arbiter, clocks: doing, time, operated: undefined });
    },
    order: (what: "min" | "max" | "release", hold: boolean, pcpu = 2) =>
      finish(orderCpus([pcpu], { order: what, hold, caller: CALLER, who: "root" }, parts)),
    remembered: () => JSON.parse(readFileSync(join(directory, "operator.json"), "utf8")) as unknown,
  };
}

describe("the kernel refuses", () => {
  test("a guest's request: an operator's order stays in force, and there is no claim (R9)", () => {
    const { arbiter, kernel, written, ask, order, remembered } = makeDaemon();
    order("min", false);
    const before = [arbiter.clock(2)?.order, arbiter.vcpu("web1", 0)?.asked, remembered()];
    kernel.refuses = true;
    expect(ask("max")).toEqual({ reason: "cpu2/cpufreq/scaling_setspeed: EBUSY" });
    kernel.refuses = false;
    expect([arbiter.clock(2)?.order, arbiter.vcpu("web1", 0)?.asked, remembered()]).toEqual(before);
    expect(written).toEqual([5]);
  });

  test("an operator's order: it is not in force, not saved and not tried again", () => {
    const { arbiter, kernel, order, remembered } = makeDaemon();
    order("max", true);
    const before = [arbiter.clock(2)?.order, remembered()];
    kernel.refuses = true;
    expect(order("min", true)).toMatchObject([
      { pcpu: 2, ok: false, reason: "the kernel refused the write (cpu2/cpufreq/scaling_setspeed: EBUSY)" },
    ]);
    kernel.refuses = false;
    expect([arbiter.clock(2)?.order, remembered()]).toEqual(before);
    expect(arbiter.clock(2)?.should).toBe(0);
  });
});

test("verify says that the kernel refuses to restore what a crash left, not that another program changed it", () => {
  using host = testHost([{ cpus: [0], driver: "acpi-cpufreq", khz: ACPI_KHZ }]);
  let refuses = true;
  const disk = watchedDisk(host.root, ({ kind }) => (refuses && kind === "write" ? "EBUSY" : undefined));
  host.open().apply({ clock: 0, setting: 2 });
  const cpufreq = host.open({}, disk);
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  arbiter.setClocks(cpufreq.clocks());
  const config = () => ({ cpufreq: { onDrift: "reassert" } });
  const verified = () => finish(verify({ arbiter, config, cpufreq } as unknown as Parts)).cpus;
  expect(verified()).toMatchObject([{ pcpu: 0, ok: false, reason: "the kernel refused it" }]);
  refuses = false;
  cpufreq.refresh();
  expect(verified()).toMatchObject([{ pcpu: 0, ok: true, wrong: [] }]);
  cpufreq.close();
});

test("an order that was released does not come back with another CPU of its clock, and is not lost with it", () => {
  const { arbiter, online, order } = makeDaemon(undefined, [2, 3]);
  order("min", true, 3);
  online(3);
  expect(arbiter.clock(3)?.order?.khz).toBe(1_200_000);
  order("release", false, 3);
  online(2, 3);
  expect(arbiter.clock(2)?.order).toBeUndefined();
  order("min", true, 3);
  online(2);
  online(2, 3);
  expect(arbiter.clock(2)?.order?.khz).toBe(1_200_000);
  order("release", false, 2);
  online(3);
  expect(arbiter.clock(3)?.order).toBeUndefined();
});

test("an order for a CPU that is offline is refused, also for the lowest of a clock, and not repeated for the others", () => {
  const { arbiter, online, order } = makeDaemon(undefined, [2, 3]);
  order("max", true, 2);
  online(3);
  order("release", false, 3);
  online(3);
  expect(arbiter.clock(3)?.order).toBeUndefined();
  expect(order("min", true, 2)).toMatchObject([{ pcpu: 2, ok: false, reason: "CPU 2 is not managed" }]);
  expect(arbiter.clock(3)?.order).toBeUndefined();
  online(2, 3);
  expect(arbiter.clock(3)?.order?.khz).toBe(2_301_000);
});

test("a refused write is tried again less and less often, and at once with the next request", () => {
  const now = { monoMs: 0, wallMs: 0 };
  const { arbiter, kernel, tries, doing } = makeDaemon(() => now);
  void doing.perform(arbiter.scale("web1", request(0, "min"), now));
  kernel.refuses = true;
  doing.settle(arbiter.removeDomain("web1"), "its end");
  const beat = (fromMs: number, toMs: number) => {
    const before = tries();
    for (now.monoMs = fromMs; now.monoMs < toMs; now.monoMs += 1000) doing.retry();
    return tries() - before;
  };
  // After 5, 15, 35, 75, 155, 315, 635 s, then every ten minutes.
  expect([beat(0, 60_000), beat(60_000, 600_000), beat(600_000, 6_000_000)]).toEqual([3, 3, 9]);
  kernel.refuses = false;
  doing.settle(arbiter.setDomain(domain("web1", [[2]]), FREE), "it came back");
  void doing.perform(arbiter.scale("web1", request(0, "max"), now));
  expect(arbiter.clock(2)?.accepted).toBe(0);
});

test("an order that a guest has ended is removed: it does not come back at the next start", () => {
  const { ask, order, remembered } = makeDaemon();
  order("min", false);
  expect(remembered()).toMatchObject({ cpus: { 2: { khz: 1_200_000, hold: false, who: "root" } } });
  void ask("max");
  expect(remembered()).toEqual({ vms: {}, cpus: {} });
});
