import { describe, expect, test } from "bun:test";
import type { Contract } from "../../src/arbiter/view.ts";
import type { Domain, DomainThread } from "../../src/base/domain.ts";
import { at, by, clock, domain, FREE, host, PSTATE, request } from "./fixture.ts";

/** 1.4 to 2.3 GHz without turbo in the table of CPUs 0, 1 and 2–3. */
const FLOOR = 1_700_000;

/** A VM on CPU 1 that asks, and one on CPU 2 whose emulator is pinned beside it. */
function played({
  floor = FLOOR as Contract["emulatorMinKhz"],
  threads = [{ name: "emulator", pcpus: [1] }] as readonly DomainThread[],
  state = "running" as Domain["state"],
  more = {} as Partial<Contract>,
  baselineKhz = undefined as number | undefined,
} = {}) {
  const made = host([clock([0]), clock([1], undefined, baselineKhz), clock([2, 3])]);
  const { arbiter, set } = made;
  set(domain("asks", [[1]]));
  const own = (changed: readonly DomainThread[] = threads) =>
    set({ ...domain("owns", [[2]], state), threads: changed }, { ...FREE, emulatorMinKhz: floor, ...more });
  own();
  return { ...made, own, khz: (cpu = 1) => arbiter.clock(cpu)?.speed?.khz ?? "baseline" };
}

test("a request below the floor gets the floor, and is told whose it is", () => {
  const { ask, khz, arbiter } = played();
  expect(ask("asks", 0, "min")).toEqual([{ clock: 1, setting: 3 }]);
  expect(khz()).toBe(1_700_000);
  const holder = { kind: "thread", vm: "owns", thread: "emulator" } as const;
  expect(arbiter.vcpu("asks", 0)?.clocks[0]).toMatchObject({
    khz: 1_200_000,
    grantedKhz: 1_700_000,
    rule: { kind: "outbid", holder, khz: 1_700_000 },
  });
  expect(arbiter.clock(1)?.floors).toEqual([{ holder, khz: 1_700_000 }]);
  expect(arbiter.scale("asks", request(0, "min"), at(9)).writes).toEqual([]);
  // A step goes on from what the guest wants, not from the floor.
  ask("asks", 0, "up");
  expect([khz(), arbiter.vcpu("asks", 0)?.clocks[0]?.khz]).toEqual([1_700_000, 1_400_000]);
  ask("asks", 0, "up");
  ask("asks", 0, "up");
  expect(khz()).toBe(2_000_000);
});

test("a floor alone sets nothing: without a want the host's own settings hold", () => {
  const { arbiter, ask, khz, done } = played({ baselineKhz: 1_200_000 });
  expect([khz(), khz(2)]).toEqual(["baseline", "baseline"]);
  ask("asks", 0, "min");
  expect(khz()).toBe(1_700_000);
  done(arbiter.endRequests("asks"));
  expect(khz()).toBe("baseline");
});

describe("operator's order > floor > request, policy, schedule (each also bounded by its MaxKhz)", () => {
  const LOW = 1_200_000;
  const wants = {
    request: ({ ask }) => ask("asks", 0, "min"),
    "guest policy": ({ arbiter, done }) => {
      const order = { rule: { kind: "workload", speed: "min" }, resources: [0], physical: false } as const;
      const local = { hour: 0, endsAtMs: 3_600_000 };
      done(arbiter.policies.set("asks", { ...order, by: undefined }, { now: at(1), local }));
    },
    "schedule for the VM": ({ arbiter, done, set }) => {
      set(domain("asks", [[1]]), { ...FREE, schedules: ["s"] });
      const night = { name: "s", want: "min", pcpus: [], sinceMs: 0, untilMs: undefined } as const;
      done(arbiter.tick(at(1), undefined, { inForce: [night], dueMs: undefined }));
    },
    "schedule for the CPU": ({ arbiter, done }) => {
      const night = { name: "s", want: "min", pcpus: [1], sinceMs: 0, untilMs: undefined } as const;
      done(arbiter.tick(at(1), undefined, { inForce: [night], dueMs: undefined }));
    },
    "MaxKhz below it": ({ ask, set }) => {
      set(domain("asks", [[1]]), { ...FREE, maxKhz: 1_400_000 });
      ask("asks", 0, "max");
    },
    "a CPU by its number": ({ ask, set }) => {
      set(domain("asks", [[0]]), { ...FREE, physicalCores: true });
      ask("asks", 1, "min", true);
    },
  } satisfies Record<string, (made: ReturnType<typeof played>) => unknown>;
  test.each(Object.entries(wants))("%s", (_, want) => {
    const made = played();
    const { arbiter, done, khz } = made;
    want(made);
    expect(khz()).toBe(FLOOR);
    done(arbiter.operate(1, "min", by("root")));
    expect(khz()).toBe(LOW);
    done(arbiter.operate(1, "release", by("root")));
    expect(khz()).toBe(FLOOR);
    done(arbiter.removeDomain("owns"));
    expect(khz()).toBeLessThan(FLOOR);
  });
});

test("a floor that is below the want changes nothing, nor one below the baseline beside a silent vCPU", () => {
  const { ask, khz, set } = played();
  ask("asks", 0, "max");
  expect(khz()).toBe(2_301_000);
  ask("asks", 0, "min");
  set(domain("silent", [[1]]));
  expect(khz()).toBe("baseline");
  const { ask: askLow, khz: low, set: setLow } = played({ baselineKhz: 1_400_000 });
  askLow("asks", 0, "min");
  setLow(domain("silent", [[1]]));
  expect(low()).toBe(1_700_000);
});

test("what is wanted is named, not a floor for the same speed", () => {
  const request = played();
  for (const action of ["min", "up", "up"] as const) request.ask("asks", 0, action);
  const scheduled = played();
  const office = { name: "s", want: FLOOR, pcpus: [1], sinceMs: 0, untilMs: undefined };
  scheduled.done(scheduled.arbiter.tick(at(1), undefined, { inForce: [office], dueMs: undefined }));
  expect([request, scheduled].map(({ arbiter }) => arbiter.vcpu("asks", 0)?.clocks[0]?.rule)).toEqual([
    { kind: "as-asked" },
    { kind: "schedule", name: "s" },
  ]);
});

test.each([
  ["kHz between two entries: the higher one", 1_500_000, {}, 1_700_000],
  ["a part of the range without turbo", { percent: 60 }, {}, 2_000_000],
  ["more than the CPU has: its highest speed", 9_000_000, {}, 2_301_000],
  ["the same without turbo: the highest below it", 9_000_000, { turbo: false }, 2_300_000],
  ["none", "none", {}, 1_200_000],
  ["no key", undefined, {}, 1_200_000],
  ["in a dry run", FLOOR, { dryRun: true }, 1_200_000],
] as const)("the floor is %s", (_, floor, more, khz) => {
  const made = played({ floor, more });
  if (floor === undefined) made.set(domain("owns", [[2]]), FREE);
  made.ask("asks", 0, "min");
  expect(made.khz()).toBe(khz);
});

test("it holds while the VM runs, and follows the pins of its threads, however many", () => {
  const paused = played({ state: "paused" });
  paused.ask("asks", 0, "min");
  expect(paused.khz()).toBe(1_200_000);
  const { own, khz, ask, set, arbiter, done } = played();
  ask("asks", 0, "min");
  expect(own([{ name: "iothread 1", pcpus: [0, 3] }])).toEqual([{ clock: 1, setting: 5 }]);
  expect([khz(1), arbiter.clock(0)?.floors.length, arbiter.clock(2)?.floors.length]).toEqual([
    1_200_000, 1, 1,
  ]);
  // The highest of several counts.
  const both = [
    { name: "emulator", pcpus: [0, 1] },
    { name: "iothread 1", pcpus: [1] },
  ];
  own(both);
  set(
    { ...domain("other", [[0]]), threads: [{ name: "emulator", pcpus: [1] }] },
    { ...FREE, emulatorMinKhz: 2_000_000 },
  );
  expect(khz(1)).toBe(2_000_000);
  own(both);
  expect(khz(1)).toBe(2_000_000);
  done(arbiter.removeDomain("other"));
  // Of equal ones the first is named.
  expect(arbiter.vcpu("asks", 0)?.clocks[0]?.rule).toMatchObject({ holder: { thread: "emulator" } });
  expect(khz(1)).toBe(1_700_000);
  done(arbiter.setClocks([clock([1], PSTATE)]));
  expect([khz(1), arbiter.clock(1)?.floors.map((floor) => floor.khz)]).toEqual([
    1_800_000,
    [1_800_000, 1_800_000],
  ]);
});

test("threads that are pinned use their CPU as vCPUs do: it is not parked", () => {
  const { arbiter, done, own } = played();
  done(arbiter.parking.configure({ afterMs: 1, to: "min" }));
  done(arbiter.parking.knowAll(true));
  own([{ name: "emulator", pcpus: [0] }]);
  done(arbiter.tick(at(0)));
  done(arbiter.tick(at(1)));
  expect([0, 1, 2].map((cpu) => arbiter.clock(cpu)?.parked)).toEqual([undefined, undefined, undefined]);
  expect(arbiter.parking.usersOf(0, 8)).toEqual(["owns"]);
  own([]);
  done(arbiter.tick(at(2)));
  expect(done(arbiter.tick(at(3)))).toEqual([{ clock: 0, setting: 5 }]);
});
