import { describe, expect, test } from "bun:test";
import type { Event } from "../../src/admin/control-types.ts";
import type { GrantView } from "../../src/arbiter/view.ts";
import type { Log } from "../../src/base/log.ts";
import { Events } from "../../src/daemon/events/events.ts";
import { Sampler } from "../../src/daemon/events/sampler.ts";
import { endDaemon } from "../../src/daemon/lifecycle/ending.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import type { Scale } from "../../src/wire/packet.ts";
import { at } from "./time.ts";

const MAX: Scale = { kind: "scale", resource: 0, action: "max", physical: false };
const silent: Log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };

function listening(grant: GrantView = { khz: 2_300_000, bound: undefined }) {
  const told: Event[] = [];
  const events = new Events(
    () => at(5),
    () => grant,
  );
  events.subscribe({ send: (event) => told.push(event), end: (event) => told.push(event) });
  return { events, told };
}

describe("Events", () => {
  test("reports whether a request was granted, bounded or refused", () => {
    const about = { atMs: 5, vm: "a", vcpu: 0, asked: "max", of: undefined };
    const [free, bound] = [
      listening(),
      listening({ khz: 1_700_000, bound: { kind: "bounded", by: "MaxKhz" } }),
    ];
    free.events.request("a", MAX, undefined, at(5));
    free.events.request("a", MAX, { code: "not-running" }, at(5));
    bound.events.request("a", MAX, undefined, at(5));
    expect([...free.told, ...bound.told]).toEqual([
      {
        ...about,
        kind: "request",
        message: "a:0 asked max: 2.300 GHz",
        khz: 2_300_000,
        accepted: true,
        outcome: "granted",
      },
      {
        ...about,
        kind: "request",
        message: "a:0 asked max: the VM is paused",
        khz: undefined,
        accepted: false,
        outcome: "refused",
      },
      {
        ...about,
        kind: "request",
        message: "a:0 asked max: 1.700 GHz, bounded by MaxKhz of its contract",
        khz: 1_700_000,
        accepted: true,
        outcome: "bounded",
      },
    ]);
  });

  test("reports a guest policy", () => {
    const { events, told } = listening();
    events.policy("a", { code: "policy-forbidden", kind: "time" }, at(5));
    expect([told[0]?.kind, told[0]?.outcome, told[0]?.message]).toEqual([
      "policy",
      "refused",
      "a sent a guest policy: its contract forbids guest policies by time",
    ]);
  });

  test("samples a flood of requests, and counts every request in one of the events", () => {
    const { events, told } = listening();
    for (let i = 0; i < 50_000; i++) events.request("a", MAX, undefined, at(1000 + i / 10));
    const counted = told.reduce((sum, { of = 1 }) => sum + of, 0);
    expect(counted).toBeGreaterThan(49_900);
    expect(told.length).toBeLessThan(2000); // in five seconds
    expect(told.at(-1)?.message).toEndWith(` (1 of ${told.at(-1)?.of})`);
  });
});

test("Sampler passes every event at low rates, and again after a flood", () => {
  const sampler = new Sampler();
  const few = Array.from({ length: 100 }, (_, i) => sampler.take(i * 10));
  expect(few).toEqual(new Array(100).fill(1));
  for (let i = 0; i < 10_000; i++) sampler.take(1000);
  expect([sampler.take(9000), sampler.take(9001)]).toEqual([expect.any(Number), 1]);
});

test("endDaemon() notifies subscribers and restores the clocks, even if other steps fail", async () => {
  const { events, told } = listening();
  const done: string[] = [];
  const fail = () => {
    throw new Error("planted");
  };
  const parts = {
    arbiter: { setting: () => ({ accepted: 3 }), parking: { knowAll: (all: boolean) => all } },
    clocks: { settle: (isParking: boolean) => void done.push(`parking: ${isParking}`) },
    cpufreq: {
      clocks: () => [{ id: 2, pcpus: [2, 6] }],
      close() {
        done.push("put back");
        return [{ reason: "cpu2/cpufreq/scaling_setspeed: EBUSY" }];
      },
    },
    events,
    config: () => ({ cpufreq: { onExit: "restore" } }),
  } as unknown as Parts;
  const options = {
    parts,
    log: silent,
    quiet: [fail, () => void done.push("quiet")],
    last: [fail, async () => void done.push("last")],
  };
  expect(await endDaemon({ reason: "fault", detail: "x" }, options)).toBe(1);
  expect(done).toEqual(["quiet", "parking: false", "put back", "last"]);
  expect(told).toEqual([
    {
      atMs: expect.any(Number),
      kind: "exiting",
      message: "exiting: fault (x); 2 not restored",
      exiting: {
        reason: "fault",
        detail: "x",
        onExit: "restore",
        cpus: [2, 6],
        failed: ["planted", "cpu2/cpufreq/scaling_setspeed: EBUSY"],
      },
    },
  ]);
});
