import { expect, test } from "bun:test";
import fc from "fast-check";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Change, SavedWant } from "../../src/arbiter/view.ts";
import { SCALE_ACTIONS, type ScaleAction } from "../../src/wire/packet.ts";
import { ACPI, AMD, at, by, clock, domain, FREE, host, NO_TURBO, PSTATE, request } from "./fixture.ts";

const PINNING = { multiPin: "all", multiPinMax: 4 } as const;
const CONTRACT = { ...FREE, physicalCores: true };
const clocks = [clock([0], ACPI), clock([1, 2], NO_TURBO), clock([3], PSTATE), clock([4, 5], AMD, 2_000_000)];
const cpu = fc.constantFrom(0, 1, 2, 3, 4, 5);
const pins = fc.array(
  fc.uniqueArray(cpu, { minLength: 1, maxLength: 4 }).map((list) => list.sort()),
  { maxLength: 4 },
);
const domains = fc
  .tuple(pins, pins, pins)
  .map(([a, b, c]) => [domain("a", a), domain("b", b), domain("c", c)] as const);
const asks = fc.array(
  fc.record({
    name: fc.constantFrom("a", "b", "c"),
    resource: fc.nat(5),
    action: fc.constantFrom(...SCALE_ACTIONS),
    physical: fc.boolean(),
  }),
  { maxLength: 40 },
);

interface Ask {
  readonly name: string;
  readonly resource: number;
  readonly action: ScaleAction;
  readonly physical: boolean;
}

function ask(arbiter: Arbiter, list: readonly Ask[]): void {
  for (const { name, resource, action, physical } of list)
    done(arbiter, arbiter.scale(name, request(resource, action, physical), at(7)));
}

/** The kernel accepts every write. */
function done(arbiter: Arbiter, change: Change): void {
  if (change.refusal === undefined) arbiter.commit(change);
}

const settings = (arbiter: Arbiter) => clocks.map(({ id }) => arbiter.clock(id)?.accepted);

test("takeOver() continues from the state of the previous arbiter, whatever the order of the domains", () => {
  fc.assert(
    fc.property(domains, fc.nat(5), asks, asks, (all, order, first, then) => {
      const before = new Arbiter(PINNING);
      done(before, before.setClocks(clocks));
      for (const each of all) done(before, before.setDomain(each, CONTRACT));
      ask(before, first);

      const wants = JSON.parse(JSON.stringify(before.savedWants())) as SavedWant[];
      const after = new Arbiter(PINNING);
      done(after, after.setClocks(clocks));
      const shuffled = [...all.slice(order % 3), ...all.slice(0, order % 3)];
      for (const each of order < 3 ? shuffled : shuffled.reverse()) {
        done(after, after.setDomain(each, CONTRACT));
        after.takeOver(
          each.name,
          wants.filter(({ vm }) => vm === each.name),
          at(0),
        );
      }
      after.distrust();
      done(after, after.outstanding());
      expect(settings(after)).toEqual(settings(before));

      ask(before, then);
      ask(after, then);
      expect(settings(after)).toEqual(settings(before));
    }),
    { numRuns: 500 },
  );
});

test("takeOver() applies the current contract, and drops claims of vCPUs that do not exist any more", () => {
  const arbiter = new Arbiter(PINNING);
  done(arbiter, arbiter.setClocks(clocks));
  done(arbiter, arbiter.setDomain(domain("a", [[0]]), { ...FREE, minKhz: 1_700_000 }));
  done(arbiter, arbiter.setDomain(domain("b", [[3]], "paused"), FREE));
  const want = { physical: false, asked: "min", askedAtMs: 7 } as const;
  const speeds = [{ clock: 0, khz: 1_200_000, turbo: false }];
  arbiter.takeOver(
    "a",
    [
      { ...want, vm: "a", resource: 0, speeds },
      { ...want, vm: "a", resource: 9, speeds },
      { ...want, vm: "a", resource: 3, physical: true, speeds },
    ],
    at(0),
  );
  arbiter.takeOver("b", [{ ...want, vm: "b", resource: 0, speeds }], at(0));
  arbiter.takeOver("gone", [{ ...want, vm: "gone", resource: 0, speeds }], at(0));
  arbiter.distrust();
  done(arbiter, arbiter.outstanding());
  expect(settings(arbiter)).toEqual([3, "baseline", "baseline", "baseline"]);
});

/** What the daemon before has saved: written by hand. */
const saved = (resource: number, askedAtMs: number, clockId: number, khz: number): SavedWant => ({
  ...{ vm: "a", resource, physical: false, asked: "min", askedAtMs },
  speeds: [{ clock: clockId, khz, turbo: false }],
});

test("what is saved names each vCPU that wants something, when it asked, and the speed of each of its clocks", () => {
  const { arbiter, set, ask: asks } = host([clock([0]), clock([1], NO_TURBO), clock([2])]);
  set(domain("a", [[2], [0, 1], [2], [2]]));
  asks("a", 1, "min");
  asks("a", 3, "max");
  const other = arbiter.savedWants()[1];
  expect(other).toEqual({
    ...{ vm: "a", resource: 3, physical: false, asked: "max", askedAtMs: 1000 },
    speeds: [{ clock: 2, khz: 2_301_000, turbo: true }],
  });
  const wants = () => arbiter.savedWants().filter(({ resource }) => resource === 1);
  expect(wants()).toEqual([
    {
      ...{ vm: "a", resource: 1, physical: false, asked: "min", askedAtMs: 1000 },
      speeds: [
        { clock: 0, khz: 1_200_000, turbo: expect.any(Boolean) },
        { clock: 1, khz: 1_000_000, turbo: expect.any(Boolean) },
      ],
    },
  ]);
  // What is left of a want whose first clock was restored.
  done(arbiter, arbiter.operate(0, "restore", by("root")));
  const [left] = wants();
  expect([left?.asked, left?.askedAtMs, left?.speeds.map((speed) => speed.clock)]).toEqual([
    "min",
    1000,
    [1],
  ]);
});

test("a vCPU that is on none of its clocks any more has the speed of the first one", () => {
  const { arbiter, set } = host([clock([0])]);
  set(domain("a", [[0]]));
  const speeds = [7, 8].map((id) => ({ clock: id, khz: 600_000 * (10 - id), turbo: false }));
  arbiter.takeOver("a", [{ ...saved(0, 700, 0, 0), speeds }], at(5000));
  expect(arbiter.clock(0)?.shouldKhz).toBe(2_000_000);
});

test("a lease of the contract begins anew, without one the want has no end, and what has no speed is no want", () => {
  const resumed = (leaseSec: number, want: SavedWant) => {
    const { arbiter, set } = host([clock([0])]);
    set(domain("a", [[0]]), { ...FREE, leaseSec });
    arbiter.takeOver("a", [want], at(5000));
    return [arbiter.dueAt(), arbiter.clock(0)?.shouldKhz, arbiter.vcpu("a", 0)?.askedAtMs];
  };
  const want = saved(0, 700, 0, 1_200_000);
  expect([resumed(10, want), resumed(0, want), resumed(10, { ...want, speeds: [] })]).toEqual([
    [15_000, 1_200_000, 700],
    [undefined, 1_200_000, 700],
    [undefined, undefined, 0],
  ]);
});

test("the last request of a clock is the latest one, in whatever order vCPUs are taken over", () => {
  const last = (wants: readonly SavedWant[]) => {
    const { arbiter, set } = host([clock([0, 1])]);
    set(domain("a", [[0], [1]]));
    arbiter.takeOver("a", wants, at(5000));
    const { atMs, by: holder } = arbiter.clock(0)?.last ?? {};
    return [atMs, holder?.kind === "vcpu" && holder.vcpu];
  };
  const [early, late, also] = [
    saved(0, 700, 0, 1_200_000),
    saved(1, 900, 0, 1_400_000),
    saved(0, 900, 0, 1_200_000),
  ];
  expect([last([early, late]), last([late, early]), last([late, also])]).toEqual([
    [900, 1],
    [900, 1],
    [900, 0],
  ]);
});
