import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ClockView } from "../../src/arbiter/view.ts";
import { WEEKDAYS } from "../../src/base/weekday.ts";
import type { Schedule } from "../../src/config/schedule/schedules.ts";
import { Schedules } from "../../src/daemon/host/schedules.ts";
import { clock, domain, FREE, host, request } from "../arbiter/fixture.ts";
import {
  BEGIN_MS,
  DAY_MS,
  type Event,
  type Happening,
  KHZ,
  MINUTE_MS,
  NEIGHBOUR,
  type Plan,
  reference,
  referenceBeside,
  type Speed,
  type World,
  YEAR_MS,
} from "./slow-look.ts";

function schedule(name: string, plan: Plan, whom: Pick<Schedule, "vms" | "cpus">): Schedule {
  const text = { days: "", hours: "", want: plan.want };
  return { name, ...whom, ...plan, timeZone: plan.zone, text, place: { file: "", line: 0 } };
}

/** Plays the year. Returns the speed from each moment on at which anything was done. */
function play({ forVm, forCpu, minDwellMs, leaseSec, parkAfterMs, events }: World) {
  const { arbiter, done, set } = host([clock([0]), clock([1]), clock([2])]);
  done(arbiter.parking.configure({ afterMs: parkAfterMs, to: "min" }));
  done(arbiter.parking.knowAll(true));
  const list = [
    schedule("vm", forVm, { vms: ["a"], cpus: [] }),
    schedule("cpu", forCpu, { vms: [], cpus: [0, 1] }),
  ];
  const silent = () => undefined;
  const schedules = new Schedules({
    config: () => ({ schedule: { timeZone: undefined }, schedules: list }),
    log: { error: silent, warning: silent, notice: silent, info: silent, debug: silent },
    hostZone: silent,
    events: { publish: silent },
  });
  set(domain("a", [[0]]), { ...FREE, minDwellMs, leaseSec, schedules: ["vm"] });
  let offsetMs = BEGIN_MS;
  const local = { hour: 0, endsAtMs: Number.MAX_SAFE_INTEGER };
  const spans: { fromMs: number; speeds: readonly Speed[] }[] = [];
  const waiting = [...events];
  for (let monoMs = 0; monoMs < YEAR_MS; ) {
    const now = () => ({ monoMs, wallMs: monoMs + offsetMs });
    const event = waiting[0]?.atMs === monoMs ? waiting.shift() : undefined;
    if (event?.kind === "jump") offsetMs += event.byMs;
    // The alarm rings before a packet of the same moment is read.
    done(arbiter.tick(now(), local, schedules.at(now())));
    if (event?.kind === "hypervisor") done(arbiter.parking.knowAll(event.isThere));
    if (event?.kind === "neighbour") {
      const { domain: next } = NEIGHBOUR[event.does];
      const isServed = next !== undefined && event.does !== "unserved";
      if (isServed) set(next);
      else done(arbiter.removeDomain("b", next));
    }
    if (event?.kind === "request") done(arbiter.scale("a", request(0, event.action), now()));
    if (event?.kind === "policy" && !event.on)
      for (const { id } of arbiter.policies.list("a")) done(arbiter.policies.remove("a", id));
    if (event?.kind === "policy" && event.on && arbiter.policies.isEmpty) {
      const rule = { kind: "workload", speed: "medium" } as const;
      done(
        arbiter.policies.set(
          "a",
          { rule, resources: [0], physical: false, by: "root" },
          { now: now(), local },
        ),
      );
    }
    spans.push({ fromMs: monoMs, speeds: [speedOf(arbiter.clock(0)), speedOf(arbiter.clock(1))] });
    if (waiting[0]?.atMs === monoMs) continue;
    const dueMs = Math.max(monoMs, arbiter.dueAt() ?? YEAR_MS);
    monoMs = Math.min(dueMs, waiting[0]?.atMs ?? YEAR_MS, YEAR_MS);
  }
  return spans;
}

function speedOf(clock: ClockView | undefined): Speed {
  if (clock?.parked !== undefined && clock.speed?.khz === KHZ.min) return "parked";
  return clock?.speed?.khz ?? "baseline";
}

const plan: fc.Arbitrary<Plan> = fc.record({
  zone: fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"),
  days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
  hours: fc.uniqueArray(fc.nat(23), { minLength: 1, maxLength: 12 }),
  want: fc.constantFrom("max", "min"),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("request"), action: fc.constantFrom("max", "min") }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("policy"), on: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("neighbour"),
      does: fc.constantFrom("run", "float", "pause", "unserved", "move", "stop"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("hypervisor"), isThere: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("jump"),
      byMs: fc.oneof(
        fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }),
        fc.constantFrom(-60 * MINUTE_MS, 60 * MINUTE_MS),
      ),
    }),
  },
) as fc.Arbitrary<Happening>;

/** Happenings within some minutes of each other, so that dwells are met. */
const burst = fc
  .tuple(
    fc.nat(YEAR_MS - DAY_MS),
    fc.array(fc.tuple(fc.nat(3 * MINUTE_MS), happening), { minLength: 1, maxLength: 5 }),
  )
  .map(([fromMs, parts]) => parts.map(([plusMs, what]): Event => ({ ...what, atMs: fromMs + plusMs })));

const worlds: fc.Arbitrary<World> = fc.record({
  forVm: plan,
  forCpu: plan,
  minDwellMs: fc.constantFrom(0, 60_000),
  leaseSec: fc.constantFrom(0, 90, 86_400, 604_800),
  parkAfterMs: fc.constantFrom(1000, 60_000, DAY_MS),
  events: fc
    .array(burst, { maxLength: 20 })
    .map((bursts) => bursts.flat().sort((a, b) => a.atMs - b.atMs))
    // Two happenings of one moment have no order in the reference.
    .map((all) => all.filter((event, i) => event.atMs !== all[i - 1]?.atMs)),
});

test("a year of requests, leases, dwells, policies, schedules, parking and clocks that are set is what a slow look says", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(worlds, (world) => {
      const spans = play(world);
      const looks = spans.flatMap(({ fromMs }) => (fromMs === 0 ? [0] : [fromMs - 1, fromMs]));
      for (let atMs = 0; atMs < YEAR_MS; atMs += 397 * MINUTE_MS) looks.push(atMs);
      looks.sort((a, b) => a - b);
      let next = 0;
      for (const atMs of looks) {
        while ((spans[next + 1]?.fromMs ?? Number.POSITIVE_INFINITY) <= atMs) next++;
        const should = [reference(world, atMs), referenceBeside(world, atMs)];
        for (const [cpu, speed] of (spans[next]?.speeds ?? []).entries()) {
          if (should[cpu] !== speed)
            throw new Error(`CPU ${cpu} after ${atMs} ms: ${speed}, not ${should[cpu]}`);
          seen.set(`${cpu} ${speed}`, (seen.get(`${cpu} ${speed}`) ?? 0) + 1);
        }
      }
      // Each schedule has at most 24 boundaries a day: nothing polls.
      expect(spans.length).toBeLessThan(2 * 24 * 366 + 6 * world.events.length);
    }),
    { numRuns: 60 },
  );
  // Every outcome was met, and often.
  for (const speed of [KHZ.max, KHZ.medium, KHZ.min, "baseline"] as const)
    expect(seen.get(`0 ${speed}`) ?? 0).toBeGreaterThan(1000);
  for (const speed of [KHZ.max, KHZ.min, "baseline", "parked"] as const)
    expect(seen.get(`1 ${speed}`) ?? 0).toBeGreaterThan(1000);
}, 60_000);
