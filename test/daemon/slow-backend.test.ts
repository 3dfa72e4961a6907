import { expect, test } from "bun:test";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Write, WriteRefused } from "../../src/base/clock.ts";
import type { Pcpu } from "../../src/base/domain.ts";
import { success } from "../../src/base/result.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { newCounters } from "../../src/channels/counters.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { orderCpus } from "../../src/daemon/operators/cpu-orders.ts";
import { LoopSlices } from "../../src/daemon/operators/loop-slices.ts";
import { Meters } from "../../src/daemon/packet/meters.ts";
import { PacketPath, type PacketPathParts } from "../../src/daemon/packet/packet.ts";
import { Rates } from "../../src/daemon/packet/rates.ts";
import { Stopwatch } from "../../src/daemon/packet/stopwatch.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { DOWN, MAX, MIN, nack, scale } from "./port.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";

/** VMs a and b on `cpus`, with a back end that finishes a write when the test says so. */
function makeDaemon(cpus: readonly Pcpu[] = [0, 1]) {
  const waiting: { write: Write; answer: (refused?: WriteRefused) => void }[] = [];
  const clocks = [clock([0]), clock([1])];
  const cpufreq = {
    ...recordingCpufreq(clocks, []),
    slow: true,
    applySlow: ({ clock: id, setting }: Write) =>
      new Promise<WriteRefused | undefined>((answer) =>
        waiting.push({ write: { clock: id, setting }, answer }),
      ),
  };
  const { time, alarm, moment } = realTime();
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const doing = new Clocks({ arbiter, cpufreq, log: keepLines([]), time, alarm, moment, ordersEnded() {} });
  doing.settle(arbiter.setClocks(clocks), "the start");
  for (const [i, name] of ["a", "b"].entries())
    doing.settle(arbiter.setDomain(domain(name, [[cpus[i] as Pcpu]]), FREE), name);
  const meters = new Meters();
  const parts = {
    ...{ arbiter, clocks: doing, meters, moment, time, log: keepLines([]), stopwatch: new Stopwatch(meters) },
    events: { wanted: false },
    recordings: { wanted: false },
    rates: new Rates(
      () => ({ requestsPerSecond: 1000, burst: 1000 }),
      () => {},
    ),
    usage: { asked() {} },
    lookAgain() {},
    trafficConcerned() {},
    pinRemedy: () => undefined,
  } as unknown as PacketPathParts;
  const packets = new PacketPath(parts);
  const channel = (vm: string) => {
    const sent: Uint8Array[] = [];
    const counters = newCounters();
    const send = (bytes: Uint8Array) => sent.push(bytes);
    const socket = { vm, number: 0, enabled: true, status: "connected", counters, send };
    return {
      sent,
      socket,
      counters,
      receives: (frame: Uint8Array) => packets.received(socket as unknown as Channel, frame),
    };
  };
  const store = { noteCpu() {}, save: () => success(undefined) };
  const operators = { arbiter, clocks: doing, time, store, acts: { report() {} } } as unknown as Parts;
  return { arbiter, waiting, channel, parts: operators };
}

/** Lets all code run that follows a result. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a reply and the channel's next packets wait for its write, other channels do not", async () => {
  const { arbiter, waiting, channel } = makeDaemon();
  const [a, b] = [channel("a"), channel("b")];
  a.receives(scale(0, MIN));
  a.receives(scale(0, DOWN));
  b.receives(scale(0, MIN));
  expect([a.sent, b.sent, waiting.map(({ write }) => write)]).toEqual([
    [],
    [],
    [
      { clock: 0, setting: 5 },
      { clock: 1, setting: 5 },
    ],
  ]);
  expect(arbiter.clock(0)?.accepted).toBe("baseline");
  waiting[1]?.answer();
  await settled();
  expect([a.sent.length, b.sent]).toEqual([0, [scale(0, MIN)]]);
  waiting[0]?.answer();
  await settled();
  // A step down from the lowest speed changes nothing, so it gets its reply at once.
  expect([a.sent, arbiter.clock(0)?.accepted, waiting.length]).toEqual([
    [scale(0, MIN), scale(0, DOWN)],
    5,
    2,
  ]);
});

test("a write that the back end refuses gets a NACK, and leaves the vCPU unchanged", async () => {
  const { arbiter, waiting, channel } = makeDaemon();
  const a = channel("a");
  a.receives(scale(0, MIN));
  waiting[0]?.answer({ reason: "xenpm: exit 1" });
  await settled();
  expect(a.sent).toEqual([nack(scale(0, MIN))]);
  expect(arbiter.vcpu("a", 0)).toMatchObject({ asked: undefined, clocks: [{ khz: undefined }] });
  // The baseline is written again, in case the back end could not undo the refused write.
  expect(waiting[1]?.write).toEqual({ clock: 0, setting: "baseline" });
});

test("a request that agrees with what another one has under way is answered by the back end, too", async () => {
  const { waiting, channel } = makeDaemon([0, 0]);
  const [a, b] = [channel("a"), channel("b")];
  a.receives(scale(0, MIN));
  b.receives(scale(0, MIN));
  // The write for b: until b asks, its CPU keeps its own settings.
  waiting[0]?.answer();
  await settled();
  a.receives(scale(0, MAX));
  b.receives(scale(0, MAX));
  const settings = () => waiting.map(({ write }) => write.setting);
  expect([settings(), a.sent.length, b.sent.length]).toEqual([[5, 0, 0], 1, 1]);
  for (const nth of [1, 2]) waiting[nth]?.answer({ reason: "xenpm: exit 1" });
  await settled();
  expect([a.sent.at(-1), b.sent.at(-1)]).toEqual([nack(scale(0, MAX)), nack(scale(0, MAX))]);
});

test("an operator's order gets its reply after the back end's result", async () => {
  const { arbiter, waiting, parts } = makeDaemon();
  const order = { order: "min", hold: true, caller: { uid: 0, gid: 0, pid: 7 }, who: "root" } as const;
  const slices = new LoopSlices();
  const ordered = slices.run(orderCpus([0, 1], order, parts));
  const answer = async (nth: number, refused?: WriteRefused) => {
    while (waiting.length <= nth) await settled();
    waiting[nth]?.answer(refused);
  };
  await answer(0);
  await answer(1, { reason: "xenpm: exit 1" });
  await answer(2);
  expect(await ordered).toMatchObject([
    { pcpu: 0, ok: true, khz: 1_200_000 },
    { pcpu: 1, ok: false, reason: "the kernel refused the write (xenpm: exit 1)" },
  ]);
  expect([arbiter.clock(0)?.order?.khz, arbiter.clock(1)?.order]).toEqual([1_200_000, undefined]);
});

test("packets of a guest that does not wait for replies are kept up to a limit, and the others counted", async () => {
  const { waiting, channel } = makeDaemon();
  const a = channel("a");
  for (let i = 0; i < 100; i++) a.receives(scale(0, i % 2 === 0 ? MIN : MAX));
  expect([waiting.length, a.counters.repliesDropped]).toEqual([1, 35]);
  for (let i = 0; i < 65; i++) {
    waiting[i]?.answer();
    await settled();
  }
  expect([a.sent.length, a.counters.granted]).toEqual([65, 65]);
});

test.each([
  ["was turned off", { enabled: false }],
  ["lost its guest", { status: "connecting" }],
])("waiting packets of a channel that %s are dropped", async (_what, change) => {
  const { arbiter, waiting, channel } = makeDaemon();
  const a = channel("a");
  a.receives(scale(0, MIN));
  a.receives(scale(0, MAX));
  Object.assign(a.socket, change);
  arbiter.commit(arbiter.endRequests("a"));
  waiting[0]?.answer();
  await settled();
  expect([arbiter.vcpu("a", 0)?.asked, waiting.length]).toEqual([undefined, 1]);
});
