import { expect, test } from "bun:test";
import { setImmediate as turnEnds } from "node:timers/promises";
import { Meters } from "../../src/daemon/packet/meters.ts";
import { Stopwatch } from "../../src/daemon/packet/stopwatch.ts";

function makeStopwatch() {
  const clock = { ms: 0, reads: 0 };
  const meters = new Meters();
  const stopwatch = new Stopwatch(meters, () => {
    clock.reads++;
    return clock.ms;
  });
  /** A turn with one measured packet of VM a, and `writes`; the replies take `replyMs`. */
  const turn = (writes = 1, replyMs = 0) => {
    stopwatch.begin();
    stopwatch.packet("a", 0);
    stopwatch.decided();
    stopwatch.written(writes);
    clock.ms += replyMs;
    stopwatch.end();
  };
  return { clock, meters, stopwatch, turn };
}

test("of a channel's packets one in eight is measured, by stage", () => {
  const { clock, meters, stopwatch } = makeStopwatch();
  for (let requests = 0; requests < 16; requests++) {
    clock.ms = 100 * requests;
    stopwatch.begin();
    stopwatch.packet("a", requests);
    clock.ms += 2;
    stopwatch.decided();
    clock.ms += 3;
    stopwatch.written(1);
    clock.ms += 4;
    stopwatch.end();
  }
  // A turn reads one clock; with a measured packet three more.
  expect(clock.reads).toBe(16 + 2 * 3);
  expect(meters.of("a").stages).toEqual({
    ...{ measured: 2, decideMs: 4, writeMs: 6, replyMs: 8 },
    ...{ readBacks: 0, readBackMs: 0 },
  });
  expect(meters.of("a").latency.sumNs).toBe(18e6);
});

test("packets that came in one turn are measured from its first bytes to the last reply, for each VM", () => {
  const { clock, meters, stopwatch } = makeStopwatch();
  stopwatch.begin();
  clock.ms += 4;
  for (let requests = 0; requests < 9; requests++) stopwatch.packet("a", requests);
  stopwatch.packet("b", 8);
  stopwatch.packet("c", 9);
  clock.ms += 5;
  stopwatch.decided();
  clock.ms += 1;
  stopwatch.written(1);
  clock.ms += 2;
  stopwatch.end();
  const noReadBack = { readBacks: 0, readBackMs: 0 };
  // Of nine packets the first and the ninth.
  expect(meters.of("a").latency.sumNs).toBe(24e6);
  expect(meters.of("a").stages).toEqual({
    ...{ measured: 2, decideMs: 18, writeMs: 2, replyMs: 4 },
    ...noReadBack,
  });
  expect(meters.of("b").latency.sumNs).toBe(12e6);
  expect(meters.of("b").stages).toEqual({
    ...{ measured: 1, decideMs: 9, writeMs: 1, replyMs: 2 },
    ...noReadBack,
  });
  expect(meters.of("c").latency.sumNs).toBe(0);
});

test("a measured write is followed until it is read again, if no other turn begins before", () => {
  const { clock, meters, stopwatch, turn } = makeStopwatch();
  const { stages } = meters.of("a");
  turn(1, 1);
  clock.ms += 4;
  stopwatch.readBack();
  stopwatch.readBack();
  expect([stages.readBacks, stages.readBackMs]).toEqual([1, 5]);
  // It had the speed already: what is read later was written for somebody else.
  turn(0, 1);
  stopwatch.readBack();
  turn(1, 1);
  stopwatch.begin();
  stopwatch.readBack();
  expect([stages.readBacks, stages.readBackMs]).toEqual([1, 5]);
});

test("a measured write that is not read again in its turn is not taken for what is read later", async () => {
  const { clock, meters, stopwatch, turn } = makeStopwatch();
  turn();
  await turnEnds();
  clock.ms += 7000;
  stopwatch.readBack();
  const { readBacks, readBackMs } = meters.of("a").stages;
  expect([readBacks, readBackMs]).toEqual([0, 0]);
});

test("of a turn that is handled in parts, one without speeds has no stages", () => {
  const { clock, meters, stopwatch, turn } = makeStopwatch();
  turn();
  clock.ms = 3;
  stopwatch.packet("b", 0);
  stopwatch.end();
  expect(["a", "b"].map((vm) => meters.of(vm).stages.measured)).toEqual([1, 0]);
  expect(meters.of("b").latency.sumNs).toBe(3e6);
});

test("a packet that asks for no speed has no stages", () => {
  const { clock, meters, stopwatch, turn } = makeStopwatch();
  turn();
  clock.ms = 50;
  stopwatch.begin();
  stopwatch.packet("a", 8);
  clock.ms = 51;
  stopwatch.end();
  expect([meters.of("a").stages.measured, meters.of("a").latency.sumNs]).toEqual([1, 1e6]);
});
