import { expect, test } from "bun:test";
import type { Ring } from "../../src/daemon/alarm.ts";
import { startHeartbeat } from "../../src/daemon/host/heartbeat.ts";
import type { Parts } from "../../src/daemon/parts.ts";

/** Starts a heartbeat whose alarm rings at once, so many times. Returns the waits between beats, and the calls of each. */
function beat(times: number, watchdogMs?: number) {
  const beats: string[][] = [];
  const waits = new Set<number>();
  let ring: Ring | undefined;
  const after = (_: string, delayMs: number, next: Ring) => {
    waits.add(delayMs);
    ring = next;
  };
  const part = (name: string) =>
    new Proxy({}, { get: (_, method) => () => beats.at(-1)?.push(`${name}.${String(method)}`) });
  const names = ["channels", "clocks", "cpufreq", "fifos", "knobs", "meters", "traffic", "sole", "footprint"];
  const parts = Object.fromEntries(names.map((name) => [name, part(name)]));
  const notify = { alive: () => beats.at(-1)?.push("notify.alive"), watchdogMs };
  startHeartbeat(
    { ...parts, samples: {}, alarm: { after } } as unknown as Parts,
    { ...parts, notify } as unknown as Parameters<typeof startHeartbeat>[1],
  );
  for (let i = 0; i < times; i++) {
    beats.push([]);
    ring?.({ monoMs: 0, wallMs: 0 });
  }
  return { beats, waits: [...waits] };
}

/** What must not wait longer than vm-power.conf(5) says, or than the service manager does. */
const IN_TIME = [
  "clocks.retry",
  "clocks.tick",
  "cpufreq.refresh",
  "fifos.refresh",
  "notify.alive",
  "traffic.consider",
];

test("what concerns speeds is looked at in each beat, and all else in each second one", () => {
  const { beats, waits } = beat(4);
  const rare = ["channels.refresh", "knobs.beat", "meters.beat", "sole.renew"];
  const often = [...IN_TIME, "footprint.beat"].sort();
  const all = [...often, ...rare].sort();
  expect([waits, beats.map((calls) => calls.toSorted())]).toEqual([[14_000], [all, often, all, often]]);
});

test("memory is given back after the work of a beat", () => {
  expect(beat(2).beats.map((calls) => calls.at(-1))).toEqual(["footprint.beat", "footprint.beat"]);
});

test("the heart beats as often as the service manager needs it", () => {
  expect([beat(1, 1000).waits, beat(1, 60_000).waits]).toEqual([[1000], [14_000]]);
});
