import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Contract } from "../../src/arbiter/view.ts";
import type { Domain } from "../../src/base/domain.ts";
import { SCALE_ACTIONS } from "../../src/wire/packet.ts";
import { at, by, clock, domain, FREE, host, request } from "./fixture.ts";

const MIN = [{ clock: 0, setting: 5 }];
const BASELINE = [{ clock: 0, setting: "baseline" as const }];

/** A VM on CPU 0 that asked for the slowest speed, and was paused. */
function paused({ contract = FREE, run = "1" }: { contract?: Contract; run?: string } = {}) {
  const stage = host([clock([0]), clock([1])]);
  const vm = (state: Domain["state"], pins = [[0]], more: Partial<Domain> = {}) =>
    stage.set({ ...domain("a", pins, state), run, ...more }, contract);
  vm("running");
  expect(stage.ask("a", 0, "min")).toEqual(MIN);
  expect(vm("paused")).toEqual(BASELINE);
  return { ...stage, vm };
}

describe("what a paused VM wanted", () => {
  test("rests: its CPU is given back, it asks for nothing, and has no claim", () => {
    const { arbiter, ask } = paused();
    expect(ask("a", 0, "max")).toBe("not-running");
    expect([arbiter.domain("a")?.claims, arbiter.vcpu("a", 0)?.asked, arbiter.clock(0)?.claims]).toEqual([
      0,
      undefined,
      [{ holder: { kind: "vcpu", vm: "a", vcpu: 0 }, khz: undefined, pinned: false }],
    ]);
  });

  test("holds again when it runs, and the next step starts from there", () => {
    const { ask, vm } = paused();
    expect(vm("paused", [[0]], { origin: "paused-to-save" })).toEqual([]);
    expect(vm("running")).toEqual(MIN);
    expect(ask("a", 0, "up")).toEqual([{ clock: 0, setting: 4 }]);
  });

  test("holds again on the CPU to which it was moved meanwhile, within the contract of then", () => {
    const { set, vm } = paused();
    vm("paused", [[1]]);
    expect(set({ ...domain("a", [[1]]), run: "1" }, { ...FREE, minKhz: 1_700_000 })).toEqual([
      { clock: 1, setting: 3 },
    ]);
  });

  test("slows nobody down meanwhile, and loses against a neighbour afterwards as before", () => {
    const { ask, set, vm } = paused();
    set(domain("b", [[0]]));
    expect(ask("b", 0, "min")).toEqual(MIN);
    expect(ask("b", 0, "up")).toEqual([{ clock: 0, setting: 4 }]);
    expect(vm("running")).toEqual([]);
  });

  test("holds again for the CPUs of the host that it named", () => {
    const stage = host([clock([0]), clock([1])]);
    const contract = { ...FREE, physicalCores: true };
    stage.set(domain("a", []), contract);
    expect(stage.ask("a", 0, "min", true)).toEqual(MIN);
    expect(stage.set(domain("a", [], "paused"), contract)).toEqual(BASELINE);
    expect(stage.set(domain("a", []), contract)).toEqual(MIN);
  });

  test.each<[string, (stage: ReturnType<typeof paused>) => unknown]>([
    ["when it is gone", ({ arbiter, done }) => done(arbiter.removeDomain("a"))],
    ["when its channels close", ({ arbiter, done }) => done(arbiter.endRequests("a"))],
    ["when another run of it is paused", ({ vm }) => vm("paused", [[0]], { run: "2" })],
    ["when a snapshot is loaded", ({ vm }) => vm("paused", [[0]], { origin: "paused-from-snapshot" })],
    ["when its guest crashed", ({ vm }) => vm("paused", [[0]], { origin: "paused-by-guest-crash" })],
    [
      "when an operator restores its CPU",
      ({ arbiter, done }) => done(arbiter.operate(0, "restore", by("root"))),
    ],
  ])("ends %s", (_, end) => {
    const stage = paused();
    end(stage);
    stage.vm("paused");
    expect(stage.vm("running", [[0]], { run: stage.arbiter.domain("a")?.domain.run ?? "1" })).toEqual([]);
    expect(stage.arbiter.clock(0)?.accepted).toBe("baseline");
  });

  test("ends when it resumes as the guest of a snapshot, and what that one asks holds from then on", () => {
    const { ask, vm } = paused();
    expect(vm("running", [[0]], { origin: "snapshot" })).toEqual([]);
    expect(ask("a", 0, "min")).toEqual(MIN);
    expect(vm("running", [[0], [1]], { origin: "snapshot" })).toEqual([]);
  });

  test("ends with its lease, which goes on", () => {
    const stage = host([clock([0])]);
    const contract = { ...FREE, leaseSec: 10 };
    const set = (state: Domain["state"]) => stage.set(domain("a", [[0]], state), contract);
    set("running");
    stage.done(stage.arbiter.scale("a", request(0, "min"), at(0)));
    set("paused");
    expect(stage.done(stage.arbiter.tick(at(9_999)))).toEqual([]);
    expect(set("running")).toEqual(MIN);
    set("paused");
    expect(stage.done(stage.arbiter.tick(at(10_000)))).toEqual([]);
    expect(set("running")).toEqual([]);
  });

  test("is handed over to the next daemon, which lets it hold when the VM runs", () => {
    const { arbiter } = paused();
    const next = host([clock([0]), clock([1])]);
    next.set(domain("a", [[0]], "paused"));
    next.arbiter.takeOver("a", arbiter.savedWants(), at(0));
    expect(next.done(next.arbiter.outstanding())).toEqual([]);
    expect(next.set(domain("a", [[0]]))).toEqual(MIN);
  });

  test("a policy that ends meanwhile does not hold again, one that stays does", () => {
    for (const ends of [true, false]) {
      const { arbiter, done, set } = host([clock([0])]);
      set(domain("a", [[0]]));
      const order = {
        rule: { kind: "workload", speed: "min" },
        resources: [0],
        physical: false,
        by: undefined,
      } as const;
      const local = { hour: 0, endsAtMs: 3_600_000 };
      expect(done(arbiter.policies.set("a", order, { now: at(0), local }))).toEqual(MIN);
      expect(set(domain("a", [[0]], "paused"))).toEqual(BASELINE);
      if (ends) done(arbiter.policies.remove("a"));
      expect(set(domain("a", [[0]]))).toEqual(ends ? [] : MIN);
    }
  });
});

const NAMES = ["a", "b"] as const;
const asks = fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.nat(1), fc.constantFrom(...SCALE_ACTIONS)), {
  maxLength: 20,
});

test("whatever was asked before and by others meanwhile, after a pause everything is as it would be without one", () => {
  fc.assert(
    fc.property(asks, asks, fc.nat(2), fc.nat(2), (before, meanwhile, first, second) => {
      const run = (pauses: boolean) => {
        const stage = host([clock([0]), clock([1]), clock([2, 3])]);
        const vm = (name: string, state: Domain["state"]) =>
          stage.set(domain(name, name === "a" ? [[first], [second]] : [[0], [2, 3]], state));
        for (const name of NAMES) vm(name, "running");
        for (const [name, vcpu, action] of before) stage.ask(name, vcpu, action);
        if (pauses) vm("a", "paused");
        for (const [name, vcpu, action] of meanwhile) if (name === "b") stage.ask(name, vcpu, action);
        if (pauses) vm("a", "running");
        return [0, 1, 2].map((cpu) => stage.arbiter.clock(cpu)?.accepted);
      };
      expect(run(true)).toEqual(run(false));
    }),
  );
});
