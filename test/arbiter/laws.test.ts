import { expect, test } from "bun:test";
import fc from "fast-check";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Change, ChangeWrite } from "../../src/arbiter/view.ts";
import type { Setting } from "../../src/base/clock.ts";
import { SCALE_ACTIONS } from "../../src/wire/packet.ts";
import { ACPI, AMD, at, by, clock, domain, FREE, NO_TURBO, PSTATE, request } from "./fixture.ts";

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

type ArbiterEvent = (arbiter: Arbiter) => Change;
const anyEvent: fc.Arbitrary<ArbiterEvent> = fc.oneof(
  fc.record({ name: fc.constantFrom(...NAMES), pins, paused: fc.boolean() }).map(
    ({ name, pins: p, paused }): ArbiterEvent =>
      (arbiter) =>
        arbiter.setDomain(domain(name, p, paused ? "paused" : "running"), FREE),
  ),
  fc.constantFrom(...NAMES).map(
    (name): ArbiterEvent =>
      (arbiter) =>
        arbiter.removeDomain(name),
  ),
  fc.constantFrom(...NAMES).map(
    (name): ArbiterEvent =>
      (arbiter) =>
        arbiter.endRequests(name),
  ),
  {
    // With so many requests, several claims share a clock.
    weight: 20,
    arbitrary: fc.tuple(fc.constantFrom(...NAMES), fc.nat(4), fc.constantFrom(...SCALE_ACTIONS)).map(
      ([name, vcpu, action]): ArbiterEvent =>
        (arbiter) =>
          arbiter.scale(name, request(vcpu, action), at(0)),
    ),
  },
  fc.tuple(fc.constantFrom(...CPUS), fc.constantFrom(...SCALE_ACTIONS, "release" as const), fc.boolean()).map(
    ([cpu, order, hold]): ArbiterEvent =>
      (arbiter) =>
        arbiter.operate(cpu, order, by("alice", { hold })),
  ),
  fc.constant<ArbiterEvent>((arbiter) => arbiter.setClocks(clocks())),
);

/** A kernel that refuses every nth write; with 0 it refuses none. */
class Kernel {
  readonly held = new Map<number, Setting>();
  readonly #refuseEvery: number;
  #count = 0;

  constructor(refuseEvery: number) {
    this.#refuseEvery = refuseEvery;
  }

  takes({ clock: id, setting }: ChangeWrite): boolean {
    if (this.#refuseEvery > 0 && ++this.#count % this.#refuseEvery === 0) return false;
    this.held.set(id, setting);
    return true;
  }
}

/** Handles a change as the daemon does: a refused request is rolled back, other refusals stay outstanding. */
function perform(arbiter: Arbiter, change: Change, kernel: Kernel, isRequest: boolean): void {
  const refused: ChangeWrite[] = [];
  for (const [accepted, write] of change.writes.entries()) {
    if (kernel.takes(write)) continue;
    if (isRequest) {
      const back = arbiter.rollback(change, { accepted, reason: "EBUSY", now: at(0) });
      return perform(arbiter, back, kernel, false);
    }
    refused.push(write);
  }
  arbiter.commit(change, refused);
}

/** Runs events on an arbiter with these clocks; `check` is called after each. */
function play(
  list: readonly ArbiterEvent[],
  refuseEvery = 0,
  check: (arbiter: Arbiter, change: Change, kernel: Kernel) => void = () => {},
): { readonly arbiter: Arbiter; readonly kernel: Kernel } {
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const kernel = new Kernel(refuseEvery);
  perform(arbiter, arbiter.setClocks(clocks()), kernel, false);
  for (const event of list) {
    const before = new Map(CPUS.map((cpu) => [cpu, arbiter.clock(cpu)?.clock]));
    const change = event(arbiter);
    // New clocks start at their baseline, whatever the setting of the old ones.
    for (const cpu of CPUS)
      if (arbiter.clock(cpu)?.clock !== before.get(cpu))
        kernel.held.delete(arbiter.clock(cpu)?.clock.id ?? cpu);
    check(arbiter, change, kernel);
    perform(arbiter, change, kernel, change.constructor.name === "Decided");
  }
  return { arbiter, kernel };
}

const events = fc.array(anyEvent, { maxLength: 60, size: "max" });

test("a write always changes something, and names a speed of its table", () => {
  fc.assert(
    fc.property(events, (list) => {
      play(list, 0, (arbiter, { writes }, { held }) => {
        for (const { clock: id, setting } of writes) {
          expect(setting).not.toBe(held.get(id) ?? "baseline");
          if (setting !== "baseline")
            expect(arbiter.clock(id)?.clock.table.speeds[setting as number]?.khz).toBeNumber();
        }
      });
    }),
    { numRuns: 300 },
  );
});

test("without any claim, every clock is at its baseline", () => {
  fc.assert(
    fc.property(events, fc.nat(4), (list, refuseEvery) => {
      const { arbiter } = play(list, refuseEvery);
      const willing = new Kernel(0);
      for (const name of NAMES) perform(arbiter, arbiter.removeDomain(name), willing, false);
      for (const cpu of CPUS) perform(arbiter, arbiter.operate(cpu, "release", by("alice")), willing, false);
      perform(arbiter, arbiter.outstanding(), willing, false);
      expect(CPUS.map((cpu) => arbiter.clock(cpu)?.accepted)).toEqual(CPUS.map(() => "baseline"));
      expect(CPUS.map((cpu) => arbiter.clock(cpu)?.claims.length)).toEqual(CPUS.map(() => 0));
    }),
  );
});

/** All VMs are on the two clocks that CPUs share, so that their claims conflict. */
const placed = NAMES.map(
  (name): ArbiterEvent =>
    (arbiter) =>
      arbiter.setDomain(domain(name, [[1], [4], [2], [5]]), FREE),
);

test("no claim on a clock is higher than the speed that is set", () => {
  let together = 0;
  fc.assert(
    fc.property(events, (list) => {
      const { arbiter, kernel } = play([...placed, ...list]);
      for (const cpu of CPUS) perform(arbiter, arbiter.operate(cpu, "release", by("alice")), kernel, true);
      for (const cpu of CPUS) {
        const found = arbiter.clock(cpu);
        if (found?.speed === undefined) continue;
        if (new Set(found.claims.map(({ khz }) => khz)).size > 1) together++;
        for (const { khz } of found.claims) expect(khz ?? 0).toBeLessThanOrEqual(found.speed.khz);
      }
    }),
    { numRuns: 500 },
  );
  // Claims for different speeds must have shared a clock; otherwise the law would prove nothing.
  expect(together).toBeGreaterThan(50);
});

test("the arbiter's committed state is what the kernel accepted, whatever it refuses", () => {
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 6 }), (list, refuseEvery) => {
      const { arbiter, kernel } = play(list, refuseEvery);
      for (const cpu of CPUS) {
        const { accepted, clock: { id = cpu } = {} } = arbiter.clock(cpu) ?? {};
        if (accepted !== undefined) expect(accepted).toBe(kernel.held.get(id) ?? "baseline");
      }
    }),
    { numRuns: 300 },
  );
});

test("a request that the kernel refuses changes nothing but the record of the refusal", () => {
  const requests = fc.tuple(fc.constantFrom(...NAMES), fc.nat(4), fc.constantFrom(...SCALE_ACTIONS));
  fc.assert(
    fc.property(events, requests, (list, [name, vcpu, action]) => {
      const { arbiter } = play(list);
      const seen = () => [
        CPUS.map((cpu) => ({ ...arbiter.clock(cpu), last: undefined })),
        NAMES.map((each) => [0, 1, 2, 3].map((of) => ({ ...arbiter.vcpu(each, of), refused: undefined }))),
        arbiter.savedWants(),
      ];
      const before = seen();
      const change = arbiter.scale(name, request(vcpu, action), at(1));
      if (change.writes.length === 0) return;
      const back = arbiter.rollback(change, { accepted: 0, reason: "EBUSY", now: at(1) });
      arbiter.commit(back);
      expect(seen()).toEqual(before);
    }),
    { numRuns: 300 },
  );
});
