import { expect, test } from "bun:test";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Setting, Write } from "../../src/base/clock.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { newCounters } from "../../src/channels/counters.ts";
import { Clocks } from "../../src/daemon/host/clocks.ts";
import { Meters } from "../../src/daemon/packet/meters.ts";
import { PacketPath, type PacketPathParts } from "../../src/daemon/packet/packet.ts";
import { Rates } from "../../src/daemon/packet/rates.ts";
import { Stopwatch } from "../../src/daemon/packet/stopwatch.ts";
import { clock, domain, FREE } from "../arbiter/fixture.ts";
import { DOWN, MAX, MIN, nack, packet, scale, TURBO, UP } from "./port.ts";
import { recordingCpufreq } from "./recording-cpufreq.ts";
import { keepLines, realTime } from "./time.ts";

/** A VM with two vCPUs, on CPUs 0 and 1, and `others` on CPU 0. The kernel refuses the settings in `refused`. */
function makeDaemon({ burst = 1000, others = [] }: { burst?: number; others?: readonly string[] } = {}) {
  const written: [number, Setting][] = [];
  const refused = new Set<Setting>();
  const clocks = [clock([0]), clock([1])];
  const cpufreq = {
    ...recordingCpufreq(clocks, []),
    apply({ clock: id, setting }: Write) {
      written.push([id, setting]);
      return refused.has(setting) ? { reason: `cpu${id}: EBUSY` } : undefined;
    },
  };
  const { time, alarm, moment } = realTime();
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const doing = new Clocks({ arbiter, cpufreq, log: keepLines([]), time, alarm, moment, ordersEnded() {} });
  doing.settle(arbiter.setClocks(clocks), "the start");
  const contract = { ...FREE, turbo: false };
  doing.settle(arbiter.setDomain(domain("a", [[0], [1]]), contract), "a");
  for (const name of others) doing.settle(arbiter.setDomain(domain(name, [[0]]), contract), name);
  const meters = new Meters();
  const parts = {
    ...{ arbiter, clocks: doing, meters, moment, time, log: keepLines([]), stopwatch: new Stopwatch(meters) },
    events: { wanted: false },
    recordings: { wanted: false },
    rates: new Rates(
      () => ({ requestsPerSecond: 1, burst }),
      () => {},
    ),
    usage: { asked() {} },
    lookAgain() {},
    trafficConcerned() {},
    pinRemedy: () => undefined,
  } as unknown as PacketPathParts;
  const packets = new PacketPath(parts);
  const sent: Uint8Array[] = [];
  const send = (bytes: Uint8Array) => void sent.push(bytes);
  const channelOf = (vm: string) => {
    const counters = newCounters();
    return { vm, number: 0, enabled: true, status: "connected", counters, send, rest() {} };
  };
  const channels = new Map(["a", ...others].map((vm) => [vm, channelOf(vm)]));
  /** Packets of several VMs that arrive in one turn. Returns the writes, and the replies to all of them. */
  const turn = (...asked: readonly (readonly [vm: string, frame: Uint8Array])[]) => {
    written.length = 0;
    sent.length = 0;
    for (const [vm, frame] of asked) packets.received(channels.get(vm) as unknown as Channel, frame.slice());
    packets.settle();
    return { written: [...written], sent: [...sent] };
  };
  const together = (...frames: readonly Uint8Array[]) =>
    turn(...frames.map((frame) => ["a", frame] as const));
  const counters = channels.get("a")?.counters;
  return { turn, together, refused, counters, arbiter, alarm };
}

/** Of the fixture's table: the highest speed without turbo, and the lowest. */
const [TOP, LOWEST] = [1, 5];

test("requests of one vCPU that arrive together are written once, for the last, and each is answered in order", () => {
  const { together, counters, alarm } = makeDaemon();
  const frames = [scale(0, MIN), scale(0, UP), scale(0, UP), scale(0, DOWN)];
  expect(together(...frames)).toEqual({ written: [[0, LOWEST - 1]], sent: frames });
  expect(counters).toEqual(expect.objectContaining({ requests: 4, granted: 4, refused: 0, writes: 1 }));
  // Up and down again ends where it began.
  const back = together(scale(0, UP), scale(0, DOWN));
  expect(back.sent).toEqual([scale(0, UP), scale(0, DOWN)]);
  expect(back.written.map(([, setting]) => setting)).toEqual([LOWEST - 1]);
  alarm.close();
});

test("requests of different vCPUs, and one alone, are each written", () => {
  const { together, alarm } = makeDaemon();
  expect(together(scale(0, MIN))).toEqual({ written: [[0, LOWEST]], sent: [scale(0, MIN)] });
  const frames = [scale(0, MAX), scale(0, MIN), scale(1, MIN), scale(0, MAX)];
  expect(together(...frames)).toEqual({
    written: [
      [0, LOWEST],
      [1, LOWEST],
      [0, TOP],
    ],
    sent: frames,
  });
  alarm.close();
});

test("what the kernel refuses is taken back whole, and refused to all of them", () => {
  const { together, refused, counters, arbiter, alarm } = makeDaemon();
  together(scale(0, MIN), scale(0, UP));
  refused.add(TOP);
  const frames = [scale(0, DOWN), scale(0, MAX)];
  expect(together(...frames).sent).toEqual(frames.map(nack));
  expect(arbiter.clock(0)?.accepted).toBe(LOWEST - 1);
  expect(counters?.writesRefused).toBe(1);
  refused.clear();
  // It stands where it stood before.
  expect(together(scale(0, UP)).written).toEqual([[0, LOWEST - 2]]);
  alarm.close();
});

test("a request that is refused has no part in it, and other packets stay in their order", () => {
  const { together, alarm } = makeDaemon({ burst: 4 });
  const [min, turbo, max] = [scale(0, MIN), scale(0, TURBO), scale(0, MAX)];
  const unknown = packet(464, 0, 77, 1);
  const beyond = scale(0, MIN);
  expect(together(min, turbo, max, unknown, beyond)).toEqual({
    written: [[0, TOP]],
    sent: [min, nack(turbo), max, nack(beyond)],
  });
  alarm.close();
});

test("requests of several guests in one turn are written in their order, each for what it asks of its own clock", () => {
  const { turn, alarm } = makeDaemon({ others: ["b"] });
  const asked = [
    ["a", scale(1, MIN)],
    ["b", scale(0, MIN)],
    ["a", scale(0, DOWN)],
  ] as const;
  const sent = asked.map(([, frame]) => frame);
  // The vCPU of a on CPU 0 is silent until it asks: until then b's speed is not written.
  expect(turn(...asked)).toEqual({
    written: [
      [1, LOWEST],
      [0, TOP + 1],
    ],
    sent,
  });
  alarm.close();
});

test("no request is acknowledged for what the kernel refuses to another guest in the same turn", () => {
  const { turn, refused, arbiter, alarm } = makeDaemon({ others: ["b"] });
  turn(["a", scale(0, MIN)], ["b", scale(0, MIN)]);
  refused.add(TOP);
  const frame = scale(0, MAX);
  const { sent, written } = turn(["a", frame], ["b", frame]);
  expect(sent).toEqual([nack(frame), nack(frame)]);
  expect(written.filter(([, setting]) => setting === TOP)).toHaveLength(2);
  expect(arbiter.clock(0)?.accepted).toBe(LOWEST);
  alarm.close();
});
