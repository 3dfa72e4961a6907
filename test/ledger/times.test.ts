import { expect, test } from "bun:test";
import type { Clock } from "../../src/base/clock.ts";
import type { Domain } from "../../src/base/domain.ts";
import { HostTimes } from "../../src/ledger/clock-times.ts";
import { addTime, VmLedger } from "../../src/ledger/vm-times.ts";
import { testClock } from "./clock.ts";

const at = (seconds: number) => ({ monoMs: seconds * 1000, wallMs: 1_000_000 + seconds * 1000 });

function host(...clocks: Clock[]) {
  const times = new HostTimes();
  const follow = (seconds: number, now: readonly Clock[] = clocks) =>
    times.follow(
      now.map((clock) => [clock, "baseline"] as const),
      at(seconds),
    );
  follow(0);
  const vms = new VmLedger(times);
  const ids = new Set(clocks.map(({ id }) => id));
  const clockOf = (pcpu: number) => (ids.has(pcpu) ? pcpu : undefined);
  return {
    ...{ times, vms, follow },
    set: (clock: number, setting: number, seconds: number) =>
      times.accepted({ clock, setting }, seconds * 1000),
    place: (pins: readonly (readonly number[])[], seconds: number, state: Domain["state"] = "running") =>
      vms.place({ name: "web1", state, pins }, clockOf, at(seconds)),
    states: (id: number, seconds: number) => {
      const found = times.of(id, seconds * 1000);
      return found && Object.fromEntries(found.states.map((khz, state) => [khz, found.seconds[state]]));
    },
    web1: (seconds: number): Readonly<Record<string, number>> => {
      const { states, transitions } = vms.of("web1", seconds * 1000) ?? { states: [], transitions: 0 };
      return { ...Object.fromEntries(states), transitions };
    },
  };
}

test("a clock's time is that of the speeds the kernel accepted, before them that of its own settings", () => {
  const { times, set, states } = host(testClock(3));
  set(3, 2, 10);
  set(3, 3, 15);
  set(3, 2, 35);
  // A clock that is not managed.
  set(7, 1, 40);
  expect(states(3, 41)).toEqual({ 0: 10, 2301000: 0, 2300000: 0, 2000000: 11, 1000000: 20 });
  expect(times.of(3, 41_000)).toMatchObject({ transitions: 3, sinceMs: 1_000_000 });
  expect(states(7, 41)).toBeUndefined();
});

test("a long table has a bounded number of states, each named by its highest speed, and no time is lost", () => {
  const speeds = Array.from({ length: 40 }, (_, i) => ({
    khz: 4_000_000 - 50_000 * i,
    peerKhz: 4_000_000 - 50_000 * i,
  }));
  const { times, states } = host(testClock(0, { table: { speeds, turbo: undefined }, anySpeed: true }));
  for (let i = 0; i < 40; i++) times.accepted({ clock: 0, setting: i }, 1000 * (i + 1));
  const found = states(0, 41) ?? {};
  const known = Object.keys(found).map(Number);
  expect(known.length).toBe(1 + 16);
  expect(Object.values(found).reduce((sum, seconds) => (sum ?? 0) + (seconds ?? 0), 0)).toBe(41);
  // 40 entries in 16 states: three, two, three, two …
  expect([found[4_000_000], found[3_850_000], found[3_750_000]]).toEqual([3, 2, 3]);
  // A speed between two entries is counted with the higher one: 3.76 GHz with 3.8 GHz, whose state begins at 3.85.
  times.accepted({ clock: 0, setting: { khz: 3_760_000 } }, 41_000);
  expect(states(0, 46)?.[3_850_000]).toBe(7);
});

test("an exact speed is counted with the entry that it is, and one beyond the table with the nearest", () => {
  const { times, states } = host(testClock(0, { anySpeed: true }));
  for (const [i, khz] of [9_000_000, 2_301_000, 2_000_000, 1_000_000, 900_000].entries())
    times.accepted({ clock: 0, setting: { khz } }, 1000 * i);
  expect(states(0, 5)).toEqual({ 0: 0, 2301000: 2, 2300000: 0, 2000000: 1, 1000000: 2 });
});

test("a clock that stays keeps its times, and what a clock did until it went counts for its VM", () => {
  const { place, follow, set, states, web1 } = host(testClock(0));
  place([[0]], 0);
  set(0, 3, 10);
  follow(20);
  expect(states(0, 21)).toMatchObject({ 0: 10, 1000000: 11 });
  follow(30, []);
  expect(web1(40)).toEqual({ 0: 10, 1000000: 20, transitions: 1 });
});

test("a vCPU that may run on 16 CPUs has its part of each", () => {
  const { place, web1 } = host(testClock(0));
  place([Array.from({ length: 16 }, (_, i) => i)], 0);
  expect(web1(16)).toEqual({ 0: 1, transitions: 0 });
});

test("two vCPUs on one CPU have its time twice, and its transitions once", () => {
  const { place, set, web1 } = host(testClock(0), testClock(1));
  place([[0], [1], [0]], 0);
  set(0, 2, 4);
  expect(web1(10)).toEqual({ 0: 18, 2000000: 12, transitions: 1 });
});

test("a VM has the time of its vCPUs' clocks while they are pinned there and it runs", () => {
  const { place, set, web1 } = host(testClock(0), testClock(1));
  // The second vCPU may run on two CPUs, of which one is not managed; the third on too many to have a speed.
  place([[0], [1, 9], Array.from({ length: 17 }, (_, i) => i)], 0);
  set(0, 2, 10);
  set(1, 3, 10);
  expect(web1(20)).toEqual({ 0: 15, 2000000: 10, 1000000: 5, transitions: 2 });
  place([[1]], 20);
  expect(web1(30)).toEqual({ 0: 15, 2000000: 10, 1000000: 15, transitions: 2 });
  place([[1]], 30, "paused");
  set(1, 2, 35);
  place([[1]], 40);
  expect(web1(41)).toEqual({ 0: 15, 2000000: 11, 1000000: 15, transitions: 2 });
});

test("a clock with another table begins anew, and its VM keeps what it had", () => {
  const { place, follow, set, states, web1 } = host(testClock(0));
  place([[0]], 0);
  set(0, 3, 10);
  follow(20, [testClock(0)]);
  place([[0]], 20);
  expect(states(0, 21)).toEqual({ 0: 1, 2301000: 0, 2300000: 0, 2000000: 0, 1000000: 0 });
  expect(web1(21)).toEqual({ 0: 11, 1000000: 10, transitions: 1 });
  follow(30, []);
  expect(states(0, 31)).toBeUndefined();
});

test("requests are counted by their outcome, and a VM that ended is forgotten when that is wanted", () => {
  const { place, vms } = host(testClock(0));
  place([[0]], 0);
  for (const outcome of ["granted", "granted", "bounded", "held", "refused"] as const)
    vms.asked("web1", outcome, at(1));
  vms.asked("unknown", "refused", at(1));
  expect(vms.of("web1", 1000)?.requests).toEqual({ granted: 2, bounded: 1, held: 1, refused: 1 });
  vms.gone("web1", at(2));
  expect(vms.names()).toEqual(["web1", "unknown"]);
  vms.forget((name) => name === "unknown");
  expect(vms.names()).toEqual(["unknown"]);
});

test("a VM has a bounded number of states: further speeds count with the nearest", () => {
  const states = new Map<number, number>();
  for (let i = 0; i < 100; i++) addTime(states, 1_000_000 + i * 10_000, 1);
  expect(states.size).toBe(32);
  expect(states.get(1_310_000)).toBe(69);
  for (const khz of [1_155_000, 1_158_000, 500_000]) addTime(states, khz, 10);
  expect([1_000_000, 1_010_000, 1_150_000, 1_160_000].map((khz) => states.get(khz))).toEqual([11, 1, 11, 11]);
});

test("a VM that ended counts no more time, and one that is started again is not forgotten", () => {
  const { place, vms, web1 } = host(testClock(0));
  const forgets = (isKnown: boolean) => {
    vms.forget(() => isKnown);
    return vms.names();
  };
  place([[0]], 0);
  expect(forgets(false)).toEqual(["web1"]);
  vms.gone("web1", at(10));
  expect(web1(20)).toEqual({ 0: 10, transitions: 0 });
  place([[0]], 30);
  expect([web1(40), forgets(true)]).toEqual([{ 0: 20, transitions: 0 }, ["web1"]]);
  place([[0]], 40, "paused");
  expect([forgets(true), forgets(false)]).toEqual([["web1"], []]);
  place([[0]], 50);
  vms.gone("web1", at(60));
  expect(forgets(true)).toEqual([]);
});

test("only so many VMs have an account, and those without one are none", () => {
  const { vms, place } = host(testClock(0));
  for (let i = 0; i < 4097; i++) vms.asked(`vm${i}`, "granted", at(0));
  place([[0]], 1);
  vms.gone("web1", at(2));
  expect([vms.names().length, vms.of("web1", 3), vms.of("vm4096", 3)]).toEqual([4096, undefined, undefined]);
  expect(vms.of("vm4095", 3)?.requests.granted).toBe(1);
});

test("requests that did not get what they asked for are counted by what kept them from it, for managed clocks", () => {
  const { times } = host(testClock(3));
  for (const kind of ["bounded", "held", "held"] as const) times.limited(3, kind);
  times.limited(7, "held");
  const { bounded, held } = times.of(3, 1000) ?? {};
  expect([bounded, held, times.of(7, 1000)]).toEqual([1, 2, undefined]);
});
