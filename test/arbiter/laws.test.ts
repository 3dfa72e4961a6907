import { expect, test } from "bun:test";
import fc from "fast-check";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Setting, Write } from "../../src/base/clock.ts";
import { SCALE_ACTIONS } from "../../src/wire/packet.ts";
import { ACPI, AMD, clock, domain, FREE, NO_TURBO, PSTATE, request } from "./fixture.ts";

const NAMES = ["a", "b", "c"];
const CPUS = [0, 1, 2, 3, 4, 5];
const pins = fc.array(
  fc.uniqueArray(fc.constantFrom(...CPUS, 9), { maxLength: 6 }).map((p) => p.sort()),
  { maxLength: 4 },
);
const clocks = () => [
  clock([0], ACPI),
  clock([1, 2], NO_TURBO),
  clock([3], PSTATE),
  clock([4, 5], AMD, 2_000_000),
];

type Happening = (arbiter: Arbiter) => readonly Write[];
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ name: fc.constantFrom(...NAMES), pins, paused: fc.boolean() }).map(
    ({ name, pins: p, paused }): Happening =>
      (arbiter) =>
        arbiter.setDomain(domain(name, p, paused ? "paused" : "running"), FREE),
  ),
  fc.constantFrom(...NAMES).map(
    (name): Happening =>
      (arbiter) =>
        arbiter.removeDomain(name),
  ),
  fc.constantFrom(...NAMES).map(
    (name): Happening =>
      (arbiter) =>
        arbiter.endClaims(name),
  ),
  fc.tuple(fc.constantFrom(...NAMES), fc.nat(4), fc.constantFrom(...SCALE_ACTIONS)).map(
    ([name, vcpu, action]): Happening =>
      (arbiter) =>
        arbiter.scale(name, request(vcpu, action), 0).writes,
  ),
  fc.tuple(fc.constantFrom(...CPUS), fc.constantFrom(...SCALE_ACTIONS, "release" as const), fc.boolean()).map(
    ([cpu, order, hold]): Happening =>
      (arbiter) =>
        arbiter.operate(cpu, order, { hold, nowMs: 0 }).writes,
  ),
  fc.constant<Happening>((arbiter) => arbiter.setClocks(clocks())),
);

test("a write always changes something, and names a speed of its table", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
      arbiter.setClocks(clocks());
      const held = new Map<number, Setting>();
      for (const happen of happenings) {
        // New clocks hold their baseline, whatever the old ones did.
        const before = new Map(CPUS.map((cpu) => [cpu, arbiter.clockOf(cpu)]));
        const writes = happen(arbiter);
        for (const cpu of CPUS)
          if (arbiter.clockOf(cpu) !== before.get(cpu)) held.delete(arbiter.clockOf(cpu)?.clock.id ?? cpu);
        for (const { clock: id, setting } of writes) {
          expect(setting).not.toBe(held.get(id) ?? "baseline");
          if (setting !== "baseline")
            expect(arbiter.clockOf(id)?.clock.table.speeds[setting]?.khz).toBeNumber();
          held.set(id, setting);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("when everybody has left, every clock is at its baseline", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
      arbiter.setClocks(clocks());
      for (const happen of happenings) happen(arbiter);
      for (const name of NAMES) arbiter.removeDomain(name);
      for (const cpu of CPUS) arbiter.operate(cpu, "release", { hold: false, nowMs: 0 });
      expect(CPUS.map((cpu) => arbiter.clockOf(cpu)?.setting)).toEqual(CPUS.map(() => "baseline"));
      expect(CPUS.map((cpu) => arbiter.clockOf(cpu)?.claims.size)).toEqual(CPUS.map(() => 0));
    }),
  );
});

test("no claim on a clock is faster than what holds there", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
      arbiter.setClocks(clocks());
      for (const happen of happenings) happen(arbiter);
      for (const cpu of CPUS) {
        const state = arbiter.clockOf(cpu);
        if (state === undefined || state.operator !== undefined || typeof state.setting !== "number")
          continue;
        for (const { position } of state.claims)
          if (position !== undefined) expect(position.index).toBeGreaterThanOrEqual(state.setting);
      }
    }),
  );
});
