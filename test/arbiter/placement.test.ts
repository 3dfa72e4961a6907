import { describe, expect, test } from "bun:test";
import { at, baseline, by, clock, domain, FREE, host, NO_TURBO, request, speed } from "./fixture.ts";

describe("placement of vCPUs", () => {
  test("a vCPU pinned to several CPUs scales all of them; with more than MultiPinMax it is refused (R19)", () => {
    const { ask, set } = host([0, 1, 2, 3, 4].map((pcpu) => clock([pcpu])));
    set(domain("a", [[0, 1], [0, 1, 2, 3, 4], []]));
    expect([ask("a", 0, "min"), ask("a", 1, "min"), ask("a", 2, "min"), ask("a", 3, "min")]).toEqual([
      [speed(0, 5), speed(1, 5)],
      "not-pinned",
      "vcpu-offline",
      "vcpu-out-of-range",
    ]);
  });

  test("MultiPin=last scales the CPU with the highest number, reject none", () => {
    const last = host([clock([0]), clock([1])], { multiPin: "last", multiPinMax: 4 } as never);
    last.set(domain("a", [[0, 1]]));
    expect(last.ask("a", 0, "min")).toEqual([speed(1, 5)]);
    const reject = host([clock([0]), clock([1])], { multiPin: "reject", multiPinMax: 4 } as never);
    reject.set(domain("a", [[0, 1]]));
    expect(reject.ask("a", 0, "min")).toBe("not-pinned");
  });

  test("a refusal has the values that an operator needs to repair it", () => {
    const { arbiter, set } = host([clock([0])]);
    set(domain("web1", [[0, 1, 2, 3, 4, 5]]));
    expect(arbiter.scale("web1", request(0, "min"), at(0)).refusal).toEqual({
      code: "not-pinned",
      vcpu: 0,
      pcpus: [0, 1, 2, 3, 4, 5],
      max: 4,
    });
  });

  test("a vCPU on an unmanaged CPU is refused, also if another of its CPUs is managed", () => {
    const { ask, set } = host([clock([0])]);
    set(domain("a", [[7], [0, 7]]));
    expect([ask("a", 0, "min"), ask("a", 1, "min")]).toEqual(["cpu-not-managed", "cpu-not-managed"]);
  });

  test("a request for a reserved CPU is refused with that reason, whoever asks", () => {
    const { ask, set, done, arbiter } = host([clock([0])]);
    done(arbiter.setClocks([clock([0])], [1, 2]));
    set(domain("a", [[1], [0, 2]]), { ...FREE, physicalCores: true });
    expect([
      ask("a", 0, "min"),
      ask("a", 1, "max"),
      ask("a", 2, "max", true),
      ask("a", 3, "max", true),
    ]).toEqual(["cpu-reserved", "cpu-reserved", "cpu-reserved", "cpu-not-managed"]);
    expect(arbiter.operate(1, "max", by("root")).refusal).toEqual({ code: "cpu-reserved", pcpu: 1 });
  });

  test("a CPU that is offline is refused, though its clock is managed and named after it", () => {
    const { ask, set } = host([{ ...clock([2, 3]), pcpus: [3] }]);
    set(domain("a", [[2], [2, 3], [3]]));
    set(domain("b", []), { ...FREE, physicalCores: true });
    const physical = [2, 3].map((pcpu) => ask("b", pcpu, "min", true));
    expect([ask("a", 0, "min"), ask("a", 1, "min"), ...physical, ask("a", 2, "max")]).toEqual([
      "cpu-not-managed",
      "cpu-not-managed",
      "cpu-not-managed",
      [],
      [speed(2, 0)],
    ]);
  });

  test("a claim follows its vCPU to another CPU", () => {
    const { ask, set } = host([clock([0]), clock([1], NO_TURBO)]);
    set(domain("a", [[0]]));
    ask("a", 0, "min");
    expect(set(domain("a", [[1]]))).toEqual([baseline(0), speed(1, 1)]); // 1.2 GHz fits in 1.5
  });

  test("vCPU numbers beyond 32 bits are out of range", () => {
    const { ask, set } = host([clock([0])]);
    set(domain("a", [[0]]));
    expect(ask("a", 2 ** 32, "min")).toBe("vcpu-out-of-range");
  });

  test("only a VM with PhysicalCores=yes may name physical CPUs, and such claims hold no baseline", () => {
    const { arbiter, ask, done, set } = host([clock([0]), clock([5])]);
    set(domain("a", [[0]]));
    set(domain("b", [[0]]), { ...FREE, physicalCores: true });
    expect([ask("a", 5, "min", true), ask("b", 5, "min", true), ask("b", 6, "min", true)]).toEqual([
      "physical-cpu",
      [speed(5, 5)],
      "cpu-not-managed",
    ]);
    expect(done(arbiter.removeDomain("b"))).toEqual([baseline(5)]);
  });
});
