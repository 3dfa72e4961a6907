import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Arbiter } from "../../src/arbiter/arbiter.ts";
import type { Change, Contract } from "../../src/arbiter/view.ts";
import { SCALE_ACTIONS, type ScaleAction } from "../../src/wire/packet.ts";
import { ACPI, at, clock, domain, FREE, NO_TURBO, plain, request } from "./fixture.ts";

/** One VM on one CPU, in played time. */
function play(contract: Contract, table = ACPI) {
  const arbiter = new Arbiter({ multiPin: "all", multiPinMax: 4 });
  const done = (change: Change) => {
    arbiter.commit(change);
    return plain(change).map(({ setting }) => setting);
  };
  done(arbiter.setClocks([clock([0], table)]));
  done(arbiter.setDomain(domain("a", [[0]]), contract));
  return {
    arbiter,
    /** Asks, and answers what was written or why it was refused. */
    ask(ms: number, action: ScaleAction) {
      const change = arbiter.scale("a", request(0, action), at(ms));
      return change.refusal?.code ?? done(change);
    },
    tick: (ms: number) => done(arbiter.tick(at(ms))),
    contract: (other: Contract) => done(arbiter.setDomain(domain("a", [[0]]), other)),
    claim: () => arbiter.vcpu("a", 0)?.clocks[0],
  };
}

describe("MinDwellMs", () => {
  const DWELL = { ...FREE, minDwellMs: 100 };

  test("a slower want waits its time from the last change of speed, and is shown as due", () => {
    const { arbiter, ask, tick, claim } = play(DWELL);
    expect(ask(0, "max")).toEqual([0]);
    expect(ask(30, "min")).toEqual([]);
    expect(claim()).toMatchObject({ khz: 2_301_000, due: { khz: 1_200_000, atMs: 100 } });
    expect(arbiter.dueAt()).toBe(100);
    expect(tick(99)).toEqual([]);
    expect(tick(100)).toEqual([5]);
    expect(claim()).toMatchObject({ khz: 1_200_000, due: undefined });
    expect(arbiter.dueAt()).toBeUndefined();
  });

  test("the next daemon moves no clock, and lets the slower want hold after its time", () => {
    const { arbiter, ask } = play(DWELL);
    ask(0, "max");
    ask(30, "min");
    const next = play(DWELL);
    next.arbiter.takeOver("a", JSON.parse(JSON.stringify(arbiter.savedWants())), at(50));
    next.arbiter.distrust();
    expect(plain(next.arbiter.outstanding()).map(({ setting }) => setting)).toEqual([0]);
    expect(next.claim()).toMatchObject({ khz: 2_301_000, due: { khz: 1_200_000, atMs: 150 } });
    expect([next.tick(149), next.tick(150)]).toEqual([[], [5]]);
  });

  test("a faster want never waits, and ends the wait of a slower one", () => {
    const { arbiter, ask, tick, claim } = play(DWELL);
    ask(0, "min");
    expect(ask(1, "up")).toEqual([4]);
    expect(ask(2, "down")).toEqual([]);
    expect(ask(3, "max")).toEqual([0]);
    expect(claim()?.due).toBeUndefined();
    expect([arbiter.dueAt(), tick(1000)]).toEqual([undefined, []]);
  });

  test("steps go on from the speed that is due, and what repeats the speed of now does not begin its time anew", () => {
    const { ask, tick, claim } = play(DWELL);
    ask(0, "max");
    expect(ask(10, "down")).toEqual([]);
    expect(ask(20, "down")).toEqual([]);
    expect(claim()?.due).toEqual({ khz: 2_000_000, atMs: 100 });
    expect(ask(30, "up")).toEqual([]);
    expect(claim()?.due).toEqual({ khz: 2_300_000, atMs: 100 });
    expect(ask(90, "max")).toEqual([]);
    expect(claim()?.due).toBeUndefined();
    expect(ask(99, "down")).toEqual([]);
    expect(tick(100)).toEqual([1]);
  });

  test("after its time, and without one, a slower want holds at once", () => {
    const { ask } = play(DWELL);
    ask(0, "max");
    expect(ask(100, "down")).toEqual([1]);
    expect(ask(101, "down")).toEqual([]);
    expect(play(FREE).ask(0, "min")).toEqual([5]);
  });

  test("a refused request leaves the slower want due", () => {
    const { arbiter, ask, tick, claim } = play(DWELL);
    ask(0, "down");
    ask(10, "down");
    const change = arbiter.scale("a", request(0, "max"), at(20));
    arbiter.rollback(change, { accepted: 0, reason: "EBUSY", now: at(20) });
    arbiter.commit(arbiter.outstanding());
    expect(claim()?.due).toEqual({ khz: 2_000_000, atMs: 100 });
    expect(tick(100)).toEqual([2]);
  });

  test("holds nothing that nobody wants, however requests come", () => {
    const event = fc.record({
      after: fc.integer({ min: 0, max: 150 }),
      action: fc.constantFrom(...SCALE_ACTIONS),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const [dwelling, free] = [play({ ...DWELL }, NO_TURBO), play(FREE, NO_TURBO)];
        let ms = 0;
        let [speed, sinceMs] = [-1, Number.NEGATIVE_INFINITY];
        const wrote = (nowMs: number, settings: unknown) => {
          if (!Array.isArray(settings) || settings.length === 0) return;
          const setting = settings[0] as number;
          // No speed is left for a slower one before its time.
          if (setting > speed && speed >= 0) expect(nowMs - sinceMs).toBeGreaterThanOrEqual(100);
          [speed, sinceMs] = [setting, nowMs];
        };
        for (const { after, action } of events) {
          ms += after;
          for (let dueMs = dwelling.arbiter.dueAt(); dueMs !== undefined && dueMs <= ms; )
            [, dueMs] = [wrote(dueMs, dwelling.tick(dueMs)), dwelling.arbiter.dueAt()];
          wrote(ms, dwelling.ask(ms, action));
          free.ask(ms, action);
          // Never slower than without a dwell, and what is due is what would hold without one.
          const [own, other] = [dwelling.claim(), free.claim()];
          expect(own?.khz ?? 0).toBeGreaterThanOrEqual(other?.khz ?? 0);
          expect(own?.due?.khz ?? own?.khz).toBe(other?.khz as number);
        }
        dwelling.tick(ms + 100);
        expect(dwelling.claim()?.khz).toBe(free.claim()?.khz as number);
      }),
    );
  });
});

describe("LeaseSec", () => {
  const LEASE = { ...FREE, leaseSec: 10 };

  test("a want that nobody renews ends, and its vCPU counts as silent again", () => {
    const { arbiter, ask, tick, claim } = play(LEASE);
    expect(ask(0, "min")).toEqual([5]);
    expect([arbiter.dueAt(), claim()?.untilMs]).toEqual([10_000, 10_000]);
    expect(tick(9_999)).toEqual([]);
    expect(tick(10_000)).toEqual(["baseline"]);
    expect([claim()?.khz, arbiter.dueAt(), arbiter.domain("a")?.claims]).toEqual([undefined, undefined, 0]);
  });

  test("a request with a lease of its own keeps it, whatever the contract says", () => {
    const { arbiter, tick, contract, claim } = play(LEASE);
    arbiter.commit(arbiter.scale("a", request(0, "min"), at(0), 5));
    contract({ ...LEASE, leaseSec: 20 });
    expect([claim()?.untilMs, tick(5000)]).toEqual([5000, ["baseline"]]);
  });

  test("any request renews it", () => {
    const { ask, tick } = play(LEASE);
    ask(0, "min");
    ask(6_000, "min");
    expect(tick(10_000)).toEqual([]);
    expect(tick(16_000)).toEqual(["baseline"]);
  });

  test("another contract gives requests that were made before another end, at once", () => {
    const { ask, tick, contract, claim } = play(FREE);
    ask(1_000, "min");
    contract(LEASE);
    expect(claim()?.untilMs).toBe(11_000);
    contract({ ...FREE, leaseSec: 1 });
    expect(tick(2_000)).toEqual(["baseline"]);
    ask(3_000, "min");
    contract(FREE);
    expect([claim()?.untilMs, tick(1e9)]).toEqual([undefined, []]);
  });

  test("it ends also while a slower want is due, and after the next daemon took over", () => {
    const { arbiter, ask, tick, claim } = play({ ...FREE, leaseSec: 1, minDwellMs: 5_000 });
    ask(0, "max");
    ask(10, "min");
    const [saved] = arbiter.savedWants();
    const due = { khz: 1_200_000, turbo: true };
    expect(saved?.speeds).toEqual([{ clock: 0, khz: 2_301_000, turbo: true, due }]);
    expect([tick(1_010), claim()?.khz]).toEqual([["baseline"], undefined]);
    const next = play(LEASE);
    next.arbiter.takeOver("a", saved === undefined ? [] : [saved], at(500));
    next.arbiter.distrust();
    next.arbiter.commit(next.arbiter.outstanding());
    expect(next.claim()).toMatchObject({ khz: 1_200_000, untilMs: 10_500 });
    expect(next.tick(10_500)).toEqual(["baseline"]);
  });
});

describe("LeaseSec beside MinDwellMs", () => {
  test("a slower speed that came to hold ends with the lease of its request", () => {
    const { arbiter, ask, tick } = play({ ...FREE, minDwellMs: 100, leaseSec: 1 });
    ask(0, "max");
    ask(30, "min");
    expect([tick(100), arbiter.dueAt(), tick(1029), tick(1030), arbiter.dueAt()]).toEqual([
      [5],
      1030,
      [],
      ["baseline"],
      undefined,
    ]);
  });

  test("a request whose lease is over before the slower speed is due ends without it", () => {
    const { arbiter, ask, tick, claim } = play({ ...FREE, minDwellMs: 2000, leaseSec: 1 });
    ask(0, "max");
    expect(ask(500, "min")).toEqual([]);
    expect([tick(1499), tick(1500), claim()?.khz, arbiter.dueAt(), tick(2000)]).toEqual([
      [],
      ["baseline"],
      undefined,
      undefined,
      [],
    ]);
  });

  test("lease and dwell that are over at once end the request", () => {
    const { ask, tick, claim } = play({ ...FREE, minDwellMs: 1000, leaseSec: 1 });
    ask(0, "max");
    ask(0, "min");
    expect([tick(1000), claim()?.khz]).toEqual([["baseline"], undefined]);
  });
});
