import { describe, expect, test } from "bun:test";
import { explain } from "../../src/arbiter/explain.ts";
import { ACPI, clock, domain, FREE, host, NO_TURBO, request } from "./fixture.ts";

const baseline = (id: number) => [{ clock: id, setting: "baseline" as const }];
const speed = (id: number, index: number) => [{ clock: id, setting: index }];

describe("claims that meet on one clock", () => {
  test("the highest wins", () => {
    const { arbiter, ask } = host([clock([2, 3])]);
    arbiter.setDomain(domain("a", [[2]]), FREE);
    arbiter.setDomain(domain("b", [[3]]), FREE);
    expect([
      ask("a", 0, "min"),
      ask("b", 0, "min"),
      ask("a", 0, "max"),
      ask("b", 0, "down"),
      ask("a", 0, "min"),
    ]).toEqual([
      [], // b never asked: it keeps the baseline, which is faster
      speed(2, 5),
      speed(2, 0),
      [], // a is still at the highest speed
      speed(2, 5), // b stood at min, so a step down leaves it there
    ]);
  });

  test("a silent neighbour pinned there is never slowed down", () => {
    const { arbiter, ask } = host([clock([2, 3])]);
    arbiter.setDomain(domain("a", [[2]]), FREE);
    arbiter.setDomain(domain("silent", [[3]]), FREE);
    expect(ask("a", 0, "min")).toEqual([]);
    expect(arbiter.clockOf(2)?.setting).toBe("baseline");
    expect(arbiter.removeDomain("silent")).toEqual(speed(2, 5));
  });

  test("a claim at or above the baseline wins over a silent neighbour", () => {
    const { arbiter, ask } = host([clock([2, 3], ACPI, 1_700_000)]);
    arbiter.setDomain(domain("a", [[2]]), FREE);
    arbiter.setDomain(domain("silent", [[3]]), FREE);
    expect([ask("a", 0, "max"), ask("a", 0, "min")]).toEqual([speed(2, 0), baseline(2)]);
  });

  test("a silent vCPU that floats holds nothing", () => {
    const { arbiter, ask } = host([clock([2]), clock([3])]);
    arbiter.setDomain(domain("a", [[2]]), FREE);
    arbiter.setDomain(domain("floating", [[2, 3]]), FREE);
    expect(ask("a", 0, "min")).toEqual(speed(2, 5));
  });

  test("nothing is written before somebody asks", () => {
    const { arbiter } = host([clock([0]), clock([1])]);
    expect(arbiter.setDomain(domain("a", [[0], [1]]), FREE)).toEqual([]);
    expect(arbiter.removeDomain("a")).toEqual([]);
  });
});

describe("where a vCPU runs", () => {
  test("on several CPUs: all of them follow, and a vCPU that floats over more is refused", () => {
    const { arbiter, ask } = host([0, 1, 2, 3, 4].map((pcpu) => clock([pcpu])));
    arbiter.setDomain(domain("a", [[0, 1], [0, 1, 2, 3, 4], []]), FREE);
    expect([ask("a", 0, "min"), ask("a", 1, "min"), ask("a", 2, "min"), ask("a", 3, "min")]).toEqual([
      [...speed(0, 5), ...speed(1, 5)],
      "not-pinned",
      "vcpu-offline",
      "vcpu-out-of-range",
    ]);
  });

  test("MultiPin=last steers the highest-numbered CPU, reject none", () => {
    const last = host([clock([0]), clock([1])], { multiPin: "last", multiPinMax: 4 } as never);
    last.arbiter.setDomain(domain("a", [[0, 1]]), FREE);
    expect(last.ask("a", 0, "min")).toEqual(speed(1, 5));
    const reject = host([clock([0]), clock([1])], { multiPin: "reject", multiPinMax: 4 } as never);
    reject.arbiter.setDomain(domain("a", [[0, 1]]), FREE);
    expect(reject.ask("a", 0, "min")).toBe("not-pinned");
  });

  test("the refusal names the command that pins", () => {
    const { arbiter } = host([clock([0])]);
    arbiter.setDomain(domain("web1", [[0, 1, 2, 3, 4, 5]]), FREE);
    expect(arbiter.scale("web1", request(0, "min"), 0).refusal).toEqual({
      code: "not-pinned",
      reason: "vCPU 0 is not pinned: it floats over 6 CPUs (0-5), at most 4 are allowed",
      remedy: "virsh vcpupin web1 0 CPU --live --config",
    });
  });

  test("a CPU that is not managed refuses, also beside one that is", () => {
    const { arbiter, ask } = host([clock([0])]);
    arbiter.setDomain(domain("a", [[7], [0, 7]]), FREE);
    expect([ask("a", 0, "min"), ask("a", 1, "min")]).toEqual(["cpu-not-managed", "cpu-not-managed"]);
  });

  test("a claim follows its vCPU to another CPU", () => {
    const { arbiter, ask } = host([clock([0]), clock([1], NO_TURBO)]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    ask("a", 0, "min");
    expect(arbiter.setDomain(domain("a", [[1]]), FREE)).toEqual([...baseline(0), ...speed(1, 1)]); // 1.2 GHz fits in 1.5
  });

  test("vCPU numbers beyond 32 bits are out of range", () => {
    const { arbiter, ask } = host([clock([0])]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    expect(ask("a", 2 ** 32, "min")).toBe("vcpu-out-of-range");
  });

  test("physical CPUs only for who may name them, and those claims hold no baseline", () => {
    const { arbiter, ask } = host([clock([0]), clock([5])]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    arbiter.setDomain(domain("b", [[0]]), { ...FREE, physicalCores: true });
    expect([ask("a", 5, "min", true), ask("b", 5, "min", true), ask("b", 6, "min", true)]).toEqual([
      "physical-cpu",
      speed(5, 5),
      "cpu-not-managed",
    ]);
    expect(arbiter.removeDomain("b")).toEqual(baseline(5));
  });
});

describe("the end of claims", () => {
  test("a domain that goes, pauses or closes its channels gives its CPUs back", () => {
    for (const end of ["gone", "paused", "left"] as const) {
      const { arbiter, ask } = host([clock([0])]);
      arbiter.setDomain(domain("a", [[0]]), FREE);
      ask("a", 0, "min");
      const writes = {
        gone: () => arbiter.removeDomain("a"),
        paused: () => arbiter.setDomain(domain("a", [[0]], "paused"), FREE),
        left: () => arbiter.endClaims("a"),
      }[end]();
      expect([end, writes]).toEqual([end, baseline(0)]);
      if (end === "paused") expect(ask("a", 0, "min")).toBe("not-running");
    }
  });

  test("a resumed domain starts from max again", () => {
    const { arbiter, ask } = host([clock([0])]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    ask("a", 0, "min");
    arbiter.setDomain(domain("a", [[0]], "paused"), FREE);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    expect(ask("a", 0, "down")).toEqual(speed(0, 1));
  });

  test("a CPU that goes and comes back begins at its baseline", () => {
    const zero = clock([0]);
    const { arbiter, ask } = host([zero, clock([1])]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    ask("a", 0, "min");
    arbiter.setClocks([clock([1])]);
    expect(ask("a", 0, "min")).toBe("cpu-not-managed");
    expect(arbiter.setClocks([clock([0]), clock([1])])).toEqual([]);
    expect(ask("a", 0, "down")).toEqual(speed(0, 1));
  });
});

test("clocks that are replaced are written once, for all who meet there", () => {
  const { arbiter, ask } = host([clock([0, 1])]);
  arbiter.setDomain(domain("a", [[0]]), FREE);
  arbiter.setDomain(domain("silent", [[1]]), FREE);
  ask("a", 0, "min");
  expect(arbiter.setClocks([clock([0, 1])])).toEqual([]); // a's claim came along, and so did the silent neighbour
  arbiter.removeDomain("silent");
  expect(arbiter.setClocks([clock([0, 1])])).toEqual(speed(0, 5));
});

describe("a write that the kernel refuses", () => {
  test("is taken back whole, and tried again where it was not the guest's", () => {
    const { arbiter, ask } = host([clock([0]), clock([1])]);
    arbiter.setDomain(domain("a", [[0, 1]]), FREE);
    ask("a", 0, "down");
    const { writes } = arbiter.scale("a", request(0, "min"), 0);
    expect(writes).toEqual([...speed(0, 5), ...speed(1, 5)]);
    arbiter.rejected({ clock: 1, setting: 5 });
    const undone = arbiter.undo("a", request(0, "min"), "cpu1: EBUSY");
    expect(undone).toEqual({
      writes: [...speed(0, 1), ...speed(1, 1)],
      refusal: { code: "kernel-refused", reason: "The kernel refused the write (cpu1: EBUSY)" },
    });
    arbiter.rejected({ clock: 1, setting: 1 });
    expect(arbiter.outstanding()).toEqual(speed(1, 1));
    expect(arbiter.outstanding()).toEqual([]);
  });

  test("of a first request leaves the vCPU silent", () => {
    const { arbiter, ask } = host([clock([0])]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    ask("a", 0, "min");
    arbiter.rejected({ clock: 0, setting: 5 });
    expect(arbiter.undo("a", request(0, "min"), "EIO").writes).toEqual(baseline(0));
    expect(ask("a", 0, "down")).toEqual(speed(0, 1));
  });
});

describe("an operator", () => {
  const order = { hold: false, nowMs: 2000 };
  test("is above all claims; without hold until a guest asks, whose step starts there", () => {
    const { arbiter, ask } = host([clock([0])]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    ask("a", 0, "max");
    expect(arbiter.operate(0, "min", order).writes).toEqual(speed(0, 5));
    expect(ask("a", 0, "up")).toEqual(speed(0, 4));
  });

  test("holds a CPU against guests until release, and what they asked meanwhile holds then", () => {
    const { arbiter, ask } = host([clock([0])]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    expect(arbiter.operate(0, { khz: 1_650_000 }, { ...order, hold: true }).writes).toEqual(speed(0, 3));
    expect([ask("a", 0, "max"), ask("a", 0, "down")]).toEqual([[], []]);
    expect(arbiter.operate(0, "release", order).writes).toEqual(speed(0, 1));
  });

  test("steps from where the clock stands, and is told what there is not", () => {
    const { arbiter } = host([clock([0], NO_TURBO)]);
    expect([
      arbiter.operate(0, "down", order).writes,
      arbiter.operate(0, "turbo", order).refusal?.code,
      arbiter.operate(0, { khz: 3_000_000 }, order).refusal?.code,
      arbiter.operate(9, "min", order).refusal?.code,
      arbiter.operate(0, "restore", order).writes,
    ]).toEqual([speed(0, 1), "no-turbo", "no-such-speed", "cpu-not-managed", baseline(0)]);
  });

  test("restores: every claim ends, and nothing is written until somebody asks", () => {
    const { arbiter, ask } = host([clock([0])]);
    arbiter.setDomain(domain("a", [[0]]), FREE);
    ask("a", 0, "min");
    expect(arbiter.operate(0, "restore", order).writes).toEqual(baseline(0));
    expect(ask("a", 0, "down")).toEqual(speed(0, 1));
  });
});

describe("every decision can be explained", () => {
  const last = (arbiter: ReturnType<typeof host>["arbiter"]) => {
    const state = arbiter.clockOf(0);
    return state && explain(state);
  };
  test("who asked, what was granted, and which rule bounded it", () => {
    const { arbiter, ask } = host([clock([0, 1])]);
    arbiter.setDomain(domain("a", [[0]]), { ...FREE, maxKhz: 2_000_000 });
    expect(last(arbiter)).toBeUndefined();
    ask("a", 0, "max");
    const common = { atMs: 1000, by: "a", vcpu: 0, accepted: true };
    expect(last(arbiter)).toEqual({
      ...common,
      asked: "max",
      khz: 2_000_000,
      rule: "bounded by MaxKhz of its contract",
    });
    arbiter.setDomain(domain("b", [[1]]), FREE);
    ask("a", 0, "min");
    const silent = "b:0 runs here and never asked, so it keeps the baseline";
    expect(last(arbiter)).toEqual({ ...common, asked: "min", khz: undefined, rule: silent });
    ask("b", 0, "down");
    ask("a", 0, "min");
    expect(last(arbiter)?.rule).toBe("b:0 claims 2300000 kHz on the same clock");
    arbiter.operate(0, "max", { hold: true, nowMs: 5 });
    expect(last(arbiter)?.rule).toBe("held by the operator");
    arbiter.undo("a", request(0, "min"), "cpu0: EBUSY");
    expect([last(arbiter)?.accepted, last(arbiter)?.rule]).toEqual([
      false,
      "The kernel refused the write (cpu0: EBUSY)",
    ]);
  });
});
