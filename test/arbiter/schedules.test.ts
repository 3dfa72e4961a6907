import { describe, expect, test } from "bun:test";
import type { ScheduleInForce } from "../../src/arbiter/schedule-view.ts";
import type { Contract } from "../../src/arbiter/view.ts";
import type { WantedSpeed } from "../../src/base/wanted-speed.ts";
import { at, by, clock, domain, FREE, host, PSTATE } from "./fixture.ts";

function schedule(name: string, want: WantedSpeed, more: Partial<ScheduleInForce> = {}): ScheduleInForce {
  return { name, want, pcpus: [], sinceMs: 1000, untilMs: undefined, ...more };
}

/** A host of three clocks, of which the last has two CPUs, and the schedules that are put in force there. */
function played(table?: Parameters<typeof clock>[1], baselineKhz?: number) {
  const clocks = [clock([0], table, baselineKhz), clock([1], table), clock([2, 3], table)];
  const made = host(clocks);
  const { arbiter, done, set } = made;
  return {
    ...made,
    place: (name: string, pins: readonly (readonly number[])[], schedules: readonly string[], more = {}) =>
      set(domain(name, pins), { ...FREE, schedules, ...more } as Contract),
    inForce: (...list: ScheduleInForce[]) =>
      done(arbiter.tick(at(2000), undefined, { inForce: list, dueMs: undefined })),
    khz: (cpu: number) => arbiter.clock(cpu)?.speed?.khz ?? "baseline",
  };
}

test("a schedule is a want of every vCPU of the VMs whose contract names it, and of no other", () => {
  const { place, inForce, khz, arbiter } = played();
  place("a", [[0], [1]], ["night"]);
  place("b", [[2]], []);
  expect(inForce(schedule("night", "min", { untilMs: 9000 }))).toEqual([
    { clock: 0, setting: 5 },
    { clock: 1, setting: 5 },
  ]);
  expect([khz(0), khz(1), khz(2)]).toEqual([1_200_000, 1_200_000, "baseline"]);
  expect(arbiter.vcpu("a", 0)).toMatchObject({ asked: "schedule night", askedAtMs: 1000 });
  expect(arbiter.vcpu("a", 0)?.clocks[0]).toMatchObject({
    khz: 1_200_000,
    schedule: { name: "night", khz: 1_200_000, untilMs: 9000 },
    rule: { kind: "as-asked" },
  });
  expect(inForce()).toEqual([
    { clock: 0, setting: "baseline" },
    { clock: 1, setting: "baseline" },
  ]);
});

test("a VM that comes while a schedule is in force has its want at once", () => {
  const { place, inForce, khz } = played();
  inForce(schedule("night", "min"));
  expect(khz(0)).toBe("baseline");
  place("a", [[0]], ["night"]);
  expect(khz(0)).toBe(1_200_000);
});

test("the speeds that can be wanted: the ends, a speed or the next higher one, a part of the range", () => {
  const wanted = (want: WantedSpeed, table?: Parameters<typeof clock>[1]) => {
    const { place, inForce, khz } = played(table);
    place("a", [[0]], ["s"]);
    inForce(schedule("s", want));
    return khz(0);
  };
  const wants: WantedSpeed[] = ["max", "min", 1_700_000, 1_500_000, 100, 9_000_000, { percent: 0 }];
  expect(wants.map((want) => wanted(want))).toEqual([
    2_301_000, 1_200_000, 1_700_000, 1_700_000, 1_200_000, 2_301_000, 1_200_000,
  ]);
  // The range without turbo goes from 1.2 to 2.3 GHz: 60 % is 1.86 GHz, and the next entry is 2 GHz.
  expect([wanted({ percent: 60 }), wanted({ percent: 100 })]).toEqual([2_000_000, 2_300_000]);
  // Turbo of intel_pstate is off until a guest enables it.
  expect([wanted("max", PSTATE), wanted(3_500_000, PSTATE)]).toEqual([2_100_000, 2_100_000]);
});

test("a schedule for VMs is bounded by their contracts", () => {
  const { place, inForce, khz, arbiter } = played();
  place("a", [[0]], ["s"], { maxKhz: 2_000_000 });
  inForce(schedule("s", "max"));
  expect(khz(0)).toBe(2_000_000);
  expect(arbiter.vcpu("a", 0)?.clocks[0]?.rule).toEqual({ kind: "bounded", by: "MaxKhz" });
  // A bound that is lifted gives the schedule what it wants.
  place("a", [[0]], ["s"]);
  expect(khz(0)).toBe(2_301_000);
});

test("of several schedules the highest counts, whatever their order", () => {
  for (const list of [
    [schedule("x", "min"), schedule("y", 2_000_000)],
    [schedule("y", 2_000_000), schedule("x", "min")],
  ]) {
    const { place, inForce, khz } = played();
    place("a", [[0]], ["x", "y"]);
    inForce(...list);
    expect(khz(0)).toBe(2_000_000);
    inForce(...list.filter(({ name }) => name === "x"));
    expect(khz(0)).toBe(1_200_000);
  }
});

describe("precedence: operator's hold > request > guest policy > schedule > baseline", () => {
  /** What each source wants, and how it begins and ends. The first source in force decides. */
  const speeds = { operator: 1_700_000, request: 1_200_000, policy: 2_301_000, schedule: 1_400_000 };
  const sources = Object.keys(speeds) as (keyof typeof speeds)[];
  const subsets = Array.from({ length: 16 }, (_, bits) => sources.filter((_, i) => bits & (1 << i)));

  test.each(subsets.map((subset) => [subset.join(", ") || "none", subset] as const))("%s", (_, subset) => {
    const { place, inForce, khz, arbiter, done, ask } = played();
    place("a", [[0]], ["s"]);
    const begin = {
      schedule: () => void inForce(schedule("s", 1_400_000)),
      policy() {
        const order = {
          rule: { kind: "workload", speed: "max" } as const,
          resources: [0],
          physical: false,
          by: "root",
        };
        const local = { hour: 0, endsAtMs: 3_600_000 };
        done(arbiter.policies.set("a", order, { now: at(1), local }));
      },
      request: () => void ask("a", 0, "min"),
      operator: () => void done(arbiter.operate(0, { khz: 1_700_000 }, by("root", { hold: true }))),
    };
    // From the lowest to the highest: a policy of an operator leaves requests as they are.
    for (const source of [...subset].reverse()) begin[source]();
    const [first] = subset;
    expect(khz(0)).toBe(first === undefined ? "baseline" : speeds[first]);
  });
});

test("a schedule for CPUs takes the place of the baseline: without vCPUs, and for silent ones", () => {
  const { place, inForce, khz, arbiter, ask } = played();
  const idle = schedule("idle", 1_400_000, { pcpus: [0, 3], untilMs: 9000 });
  expect(inForce(idle)).toEqual([
    { clock: 0, setting: 4 },
    { clock: 2, setting: 4 },
  ]);
  expect(arbiter.clock(3)).toMatchObject({
    schedule: { name: "idle", khz: 1_400_000, untilMs: 9000 },
    shouldKhz: 1_400_000,
  });
  // A silent vCPU does not bring the baseline back.
  expect(place("a", [[0], [2], [3]], [])).toEqual([]);
  expect(arbiter.vcpu("a", 0)?.clocks[0]?.rule).toEqual({ kind: "schedule", name: "idle" });
  // A request of the only vCPU there comes first, also a slower one.
  ask("a", 0, "min");
  expect(khz(0)).toBe(1_200_000);
  // Beside a silent vCPU the schedule is the least.
  ask("a", 1, "min");
  expect(khz(2)).toBe(1_400_000);
  expect(arbiter.grantOf("a", { kind: "scale", resource: 1, action: "min", physical: false }).bound).toEqual({
    kind: "schedule",
    name: "idle",
  });
  ask("a", 1, "max");
  expect([khz(2), arbiter.vcpu("a", 1)?.clocks[0]?.rule]).toEqual([2_301_000, { kind: "as-asked" }]);
  inForce();
  expect([khz(0), khz(2)]).toEqual([1_200_000, 2_301_000]);
});

test("a schedule for CPUs holds beside one for VMs, and an operator's order before both", () => {
  const { place, inForce, khz, done, arbiter } = played();
  place("a", [[0]], ["vm"]);
  inForce(schedule("vm", 1_700_000), schedule("cpu", "max", { pcpus: [0] }));
  // The vCPU is not silent: it wants what its schedule says.
  expect(khz(0)).toBe(1_700_000);
  done(arbiter.operate(0, "min", by("root")));
  expect(khz(0)).toBe(1_200_000);
  done(arbiter.operate(0, "release", by("root")));
  expect(khz(0)).toBe(1_700_000);
  inForce();
  expect(khz(0)).toBe("baseline");
});

test("restore ends what schedules want until they change", () => {
  const { place, inForce, khz, done, arbiter } = played();
  place("a", [[0]], ["vm"]);
  const list = [schedule("vm", "min"), schedule("cpu", "min", { pcpus: [0, 1] })];
  inForce(...list);
  done(arbiter.operate(0, "restore", by("root")));
  done(arbiter.operate(1, "restore", by("root")));
  expect([khz(0), khz(1)]).toEqual(["baseline", "baseline"]);
  inForce(...list);
  expect([khz(0), khz(1)]).toEqual([1_200_000, 1_200_000]);
});

test("a schedule follows vCPUs to other CPUs, and clocks that come", () => {
  const { place, inForce, khz, done, arbiter } = played();
  inForce(schedule("vm", "min"), schedule("cpu", "min", { pcpus: [7] }));
  place("a", [[0]], ["vm"]);
  expect(khz(0)).toBe(1_200_000);
  place("a", [[1]], ["vm"]);
  expect([khz(0), khz(1)]).toEqual(["baseline", 1_200_000]);
  done(arbiter.setClocks([clock([1]), clock([7])]));
  expect([khz(1), khz(7)]).toEqual([1_200_000, 1_200_000]);
  // A paused VM wants nothing of its own, and nothing after its end.
  done(arbiter.removeDomain("a"));
  expect(khz(1)).toBe("baseline");
});

test("a guest that names CPUs of the host has no schedule there", () => {
  const { place, inForce, khz, ask, arbiter, done } = played();
  place("a", [[0]], ["vm"], { physicalCores: true });
  ask("a", 1, "max", true);
  inForce(schedule("vm", "min"));
  expect([khz(0), khz(1)]).toEqual([1_200_000, 2_301_000]);
  done(arbiter.endRequests("a"));
  expect([khz(0), khz(1)]).toEqual([1_200_000, "baseline"]);
});

test("schedules that did not change are not put again, and of two for the same speed the first is named", () => {
  const { arbiter, done, khz } = played();
  const inForce = [schedule("x", "min", { pcpus: [0] }), schedule("y", "min", { pcpus: [0] })];
  const turn = () => done(arbiter.tick(at(2000), undefined, { inForce, dueMs: undefined }));
  turn();
  expect(arbiter.clock(0)?.schedule?.name).toBe("x");
  done(arbiter.operate(0, "restore", by("root")));
  turn();
  done(arbiter.operate(0, "release", by("root")));
  expect(khz(0)).toBe("baseline");
});

test("the arbiter is due when a schedule begins or ends", () => {
  const { arbiter, done } = played();
  expect(arbiter.dueAt()).toBeUndefined();
  done(arbiter.tick(at(0), undefined, { inForce: [], dueMs: 5000 }));
  expect(arbiter.dueAt()).toBe(5000);
});

test("of a schedule and an order that both end, the arbiter is due for the first", () => {
  const { arbiter, done } = played();
  done(arbiter.operate(0, "min", by("root", { untilMs: 4000 })));
  const dues = [5000, 3000].map((dueMs) => {
    done(arbiter.tick(at(0), undefined, { inForce: [], dueMs }));
    return arbiter.dueAt();
  });
  expect(dues).toEqual([4000, 3000]);
});
