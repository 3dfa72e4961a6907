import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Channel } from "../../src/channels/channel.ts";
import { RateLimit } from "../../src/daemon/packet/rate-limit.ts";
import { Rates } from "../../src/daemon/packet/rates.ts";

const RATE = { requestsPerSecond: 10, burst: 20 };

/** Asks so many times a second, evenly, for some seconds from a time on. Answers how many were decided. */
function flood(
  limit: RateLimit,
  fromMs: number,
  { perSecond, seconds }: { perSecond: number; seconds: number },
) {
  let decided = 0;
  for (let i = 0; i < perSecond * seconds; i++)
    if (limit.take(RATE, fromMs + (i * 1000) / perSecond) === undefined) decided++;
  return decided;
}

test("RateLimit lets a burst through, then as many as are allowed, and refuses the rest with the reason", () => {
  const limit = new RateLimit(RATE, 0);
  const results = Array.from({ length: 22 }, () => limit.take(RATE, 0)?.code);
  expect(results).toEqual([...Array(20).fill(undefined), "too-many-requests", "too-many-requests"]);
  expect(limit.take(RATE, 99)).toEqual({ code: "too-many-requests", perSecond: 10 });
  expect(limit.take(RATE, 100)).toBeUndefined();
  expect(limit.take(RATE, 150)).toEqual({ code: "too-many-requests", perSecond: 10 });
});

test("RateLimit decides no more in any time than the burst and the rate of that time, and all of who keeps to the rate", () => {
  const gap = fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 30 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 60_000 }) },
  );
  const gaps = fc.array(gap, { maxLength: 200, size: "max" });
  fc.assert(
    fc.property(gaps, (steps) => {
      const limit = new RateLimit(RATE, 0);
      const decided: number[] = [];
      let ms = 0;
      for (const step of steps) {
        ms += step;
        if (limit.take(RATE, ms) === undefined) decided.push(ms);
      }
      for (const [i, from] of decided.entries())
        for (const [j, to] of decided.entries())
          if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(20 + ((to - from) * 10) / 1000 + 1e-6);
    }),
  );
  expect(flood(new RateLimit(RATE, 0), 0, { perSecond: 10, seconds: 100 })).toBe(1000);
});

test("RateLimit quarantines a channel that stays tenfold above its rate for 5 s, and none that does less", () => {
  const patient = new RateLimit(RATE, 0);
  flood(patient, 0, { perSecond: 99, seconds: 60 });
  expect(patient.quarantine(60_000)).toBeUndefined();
  const pausing = new RateLimit(RATE, 0);
  for (let i = 0; i < 10; i++) flood(pausing, i * 6_000, { perSecond: 200, seconds: 4 });
  expect(pausing.quarantine(60_000)).toBeUndefined();
  const limit = new RateLimit(RATE, 0);
  flood(limit, 0, { perSecond: 100, seconds: 5 });
  expect(limit.quarantine(4_990)).toBeUndefined();
  expect(limit.take(RATE, 5_000)).toEqual({ code: "quarantined", forMs: 10_000, asked: 100 });
  expect(limit.take(RATE, 14_999)).toEqual({ code: "quarantined", forMs: 1, asked: 100 });
  expect(limit.take(RATE, 15_000)).toBeUndefined();
});

test("RateLimit knows a flood after 10 ms of a second, and what it reads slowly then counts as before, if there always is more", () => {
  const rate = { requestsPerSecond: 1000, burst: 1000 };
  const slowly = (perSecond: number) => {
    const limit = new RateLimit(rate, 0);
    const slowFrom: number[] = [];
    for (let second = 0; second < 6; second++) {
      const beganMs = second * 1000;
      let ms = beganMs;
      let isSlow = false;
      // 20,000 a second, until it is read slowly.
      for (; ms < beganMs + 1000; ms += isSlow ? 1000 / perSecond : 0.05) {
        const excess = limit.take(rate, ms);
        if (excess?.code === "quarantined") return { slowFrom, asked: excess.asked, atMs: ms };
        if (isSlow || excess === undefined || !limit.isFlood(rate, ms)) continue;
        isSlow = true;
        slowFrom.push(Math.round(ms - beganMs));
      }
    }
    return { slowFrom, asked: undefined };
  };
  // The burst is used up in the first second; then it may ask once in 1 ms.
  expect(slowly(3200)).toEqual({ slowFrom: [53, 10, 10, 10, 10], asked: 20_100, atMs: 5000 });
  expect(slowly(1000)).toEqual({ slowFrom: [53, 10, 10, 10, 10, 10], asked: undefined });
});

test("RateLimit doubles the quarantine of who goes on, up to ten minutes, and forgets it after as long", () => {
  const limit = new RateLimit(RATE, 0);
  const waits: number[] = [];
  let ms = 0;
  const again = () => {
    // The first request after a quarantine ends the second that it began in.
    limit.take(RATE, ms);
    flood(limit, ms, { perSecond: 200, seconds: 7 });
    const untilMs = limit.quarantine(ms + 7_000)?.untilMs ?? 0;
    waits.push(Math.round((untilMs - ms) / 1000) - 5);
    ms = untilMs;
  };
  for (let i = 0; i < 8; i++) again();
  expect(waits).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
  ms += 600_000;
  again();
  expect(waits.at(-1)).toBe(10);
  again();
  limit.release();
  expect(limit.quarantine(ms - 1)).toBeUndefined();
  again();
  expect(waits.slice(-2)).toEqual([20, 10]);
});

test("Rates tells once that a channel gets into quarantine, and limits each channel alone", () => {
  const told: unknown[] = [];
  const rates = new Rates(
    () => RATE,
    ({ number }, { asked }) => told.push([number, asked]),
  );
  const [evil, good] = [{ vm: "a", number: 0 } as Channel, { vm: "a", number: 1 } as Channel];
  for (let i = 0; i < 1500; i++) rates.take(evil, i * 5);
  expect(told).toEqual([[0, 200]]);
  // Decided were the burst, and what 4,995 ms allow.
  expect(rates.counters).toEqual({ limited: 1500 - 69, quarantines: 1 });
  expect([rates.take(good, 7_500), rates.quarantine(good, 7_500)]).toEqual([undefined, undefined]);
  expect(rates.quarantine(evil, 7_500)).toEqual({ untilMs: 15_000, asked: 200 });
  expect(rates.quarantined(7_500)).toBe(1);
  rates.release(evil);
  expect(rates.quarantined(7_500)).toBe(0);
  expect(rates.take(evil, 7_500)).toBeUndefined();
});
