import { expect, test } from "bun:test";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Write, WriteRefused } from "../../src/base/clock.ts";
import { success } from "../../src/base/result.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { orderCpus } from "../../src/daemon/operators/cpu-orders.ts";
import { LoopSlices } from "../../src/daemon/operators/loop-slices.ts";
import { Meters } from "../../src/daemon/packet/meters.ts";
import { PacketPath, type PacketPathParts } from "../../src/daemon/packet/packet.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { DOWN, MAX, MIN, nack, scale } from "./port.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";

/** VMs a and b on CPUs 0 and 1, whose back end answers when the test says so. */
function makeDaemon() {
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
  for (const [cpu, name] of ["a", "b"].entries())
    doing.settle(arbiter.setDomain(domain(name, [[cpu]]), FREE), name);
  const parts = {
    ...{ arbiter, clocks: doing, meters: new Meters(), moment, time, log: keepLines([]) },
    events: { wanted: false },
    recordings: { wanted: false },
    lookAgain() {},
    trafficConcerned() {},
    pinRemedy: () => undefined,
  } as unknown as PacketPathParts;
  const packets = new PacketPath(parts);
  const channel = (vm: string) => {
    const sent: Uint8Array[] = [];
    const counters = {
      requests: 0,
      granted: 0,
      refused: 0,
      malformed: 0,
      repliesDropped: 0,
      writes: 0,
      writesRefused: 0,
    };
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

/** Lets everything happen that follows from an answer. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a reply waits for its own write, the channel's next packets wait for it, and no other channel does", async () => {
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
  // A step down from the lowest speed changes nothing, so it is answered at once.
  expect([a.sent, arbiter.clock(0)?.accepted, waiting.length]).toEqual([
    [scale(0, MIN), scale(0, DOWN)],
    5,
    2,
  ]);
});

test("what the back end refuses is NACKed, and leaves the vCPU as it was", async () => {
  const { arbiter, waiting, channel } = makeDaemon();
  const a = channel("a");
  a.receives(scale(0, MIN));
  waiting[0]?.answer({ reason: "xenpm: exit 1" });
  await settled();
  expect(a.sent).toEqual([nack(scale(0, MIN))]);
  expect(arbiter.vcpu("a", 0)).toMatchObject({ asked: undefined, clocks: [{ khz: undefined }] });
  // The baseline is written again, in case that the back end could not undo what it refused.
  expect(waiting[1]?.write).toEqual({ clock: 0, setting: "baseline" });
});

test("an operator's order is answered when the back end has said what became of it", async () => {
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

test("a guest that does not wait for its answers has so many packets kept, and the others counted", async () => {
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
])("what waits for a channel that %s is not handled any more", async (_what, change) => {
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
