import { expect, test } from "bun:test";
import { Footprint } from "../../src/daemon/footprint.ts";

const BEAT_MS = 14_000;
const MINUTE_BEATS = 60_000 / BEAT_MS;

/** A daemon whose use of the CPU the test says, and what it gave back at which beat. */
function daemon() {
  const calls: string[] = [];
  let usedUs = 1_000_000n;
  let beats = 0;
  const footprint = new Footprint({
    shrink: () => calls.push(`${beats} shrink`),
    collect: () => calls.push(`${beats} collect`),
    givePagesBack: () => calls.push(`${beats} pages`),
    processCpuUs: () => usedUs,
  });
  return {
    calls,
    /** Lets so many beats pass, and uses that part of a CPU between them. */
    beat(times: number, share = 0.001) {
      for (let i = 0; i < times; i++) {
        beats++;
        usedUs += BigInt(Math.round(BEAT_MS * share * 1000));
        footprint.beat(beats * BEAT_MS);
      }
    },
  };
}

test("after the start, whose own work does not count, memory and compiled code are freed; then pages are given back at each beat", () => {
  const quiet = daemon();
  quiet.beat(1, 0.5);
  quiet.beat(3);
  expect(quiet.calls).toEqual(["2 shrink", "3 pages", "4 pages"]);
});

test("while the daemon is at work nothing is freed, and not before two minutes after it", () => {
  const busy = daemon();
  busy.beat(1000, 0.02);
  expect(busy.calls).toEqual([]);
  busy.beat(Math.floor(2 * MINUTE_BEATS));
  expect(busy.calls).toEqual([]);
  busy.beat(2);
  expect(busy.calls).toEqual(["1009 shrink", "1010 pages"]);
});

test("work during a rest begins it anew: each rest frees once, and the code that a flood compiled stays", () => {
  const bursts = daemon();
  bursts.beat(3);
  bursts.beat(1, 0.5);
  bursts.beat(9);
  bursts.beat(1, 0.5);
  bursts.beat(10);
  expect(bursts.calls).toEqual(["2 shrink", "3 pages", "13 collect", "23 collect", "24 pages"]);
});
