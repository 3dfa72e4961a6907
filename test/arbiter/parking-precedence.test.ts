import { describe, expect, test } from "bun:test";
import { at, by, domain, FREE } from "./fixture.ts";
import { played } from "./parking-fixture.ts";

describe("parking is the last in precedence: operator > request > schedule > parked > baseline", () => {
  const begin = {
    operator: ({ act, arbiter }) => act(arbiter.operate(0, { khz: 2_000_000 }, by("root"))),
    // Of a guest that names CPUs of the host, where its VM does not run.
    request: ({ act, ask, arbiter }) => {
      act(arbiter.setDomain(domain("a", [[1]]), { ...FREE, physicalCores: true }));
      ask("a", 0, "max", true);
    },
    schedule: ({ act, arbiter }) => {
      const office = { name: "s", want: 1_700_000, pcpus: [0], sinceMs: 0, untilMs: undefined };
      act(arbiter.tick(at(1000), undefined, { inForce: [office], dueMs: undefined }));
    },
    parked: ({ knowAll, turn }) => {
      knowAll();
      turn(0);
      turn(1000);
    },
  } satisfies Record<string, (made: ReturnType<typeof played>) => unknown>;
  const khz = { operator: 2_000_000, request: 2_301_000, schedule: 1_700_000, parked: 1_200_000 };
  const sources = Object.keys(khz) as (keyof typeof khz)[];
  const subsets = Array.from({ length: 16 }, (_, bits) => sources.filter((_, i) => bits & (1 << i)));
  test.each(subsets.map((subset) => [subset.join(", ") || "none", subset] as const))("%s", (_, subset) => {
    for (const order of [subset, [...subset].reverse()]) {
      const made = played();
      // A request ends an operator's order without hold.
      const operatorLast = (source: keyof typeof khz) => (source === "operator" ? 1 : 0);
      for (const source of order.toSorted((a, b) => operatorLast(a) - operatorLast(b))) begin[source](made);
      const [first] = subset;
      expect(made.speeds()[0]).toBe(first === undefined ? "baseline" : khz[first]);
    }
  });
});

test("what comes before parking gives the clock back to it, and restore ends it until it is parked anew", () => {
  const { act, arbiter, knowAll, turn, speeds, place } = played();
  knowAll();
  turn(0);
  turn(1000);
  act(arbiter.operate(0, "max", by("root")));
  act(arbiter.operate(0, "release", by("root")));
  expect(speeds()[0]).toBe(1_200_000);
  act(arbiter.operate(0, "restore", by("root")));
  expect([speeds()[0], arbiter.clock(0)?.parked, arbiter.parking.parked()]).toEqual([
    "baseline",
    undefined,
    [1, 2],
  ]);
  turn(9000);
  expect(speeds()[0]).toBe("baseline");
  place("a", [[0]]);
  act(arbiter.removeDomain("a"));
  turn(9000);
  turn(10_000);
  expect(speeds()[0]).toBe(1_200_000);
});
