import { expect, test } from "bun:test";
import { simulateDay } from "./simulated-day.ts";

/** "make energy-days" plays a thousand. */
const DAYS = Number(process.env["DAYS"] ?? 40);

/** What 95 of 100 intervals that contain the truth may fall to by chance in so few days: three standard deviations. */
const LEAST = DAYS >= 1000 ? 0.95 : 0.95 - 3 * Math.sqrt((0.95 * 0.05) / DAYS);

test(`over ${DAYS} days of hosts whose physics are not the model's, the intervals contain the truth`, () => {
  const covered = new Map<string, { known: number; right: number }>();
  let sumError = 0;
  for (let seed = 1; seed <= DAYS; seed++) {
    const day = simulateDay(seed);
    sumError = Math.max(sumError, day.sumError);
    for (const { what, truth, low, high } of day.judged) {
      const count = covered.get(what) ?? { known: 0, right: 0 };
      count.known++;
      if (low <= truth && truth <= high) count.right++;
      covered.set(what, count);
    }
  }
  if (process.env["DAYS"] !== undefined)
    for (const [what, { known, right }] of covered) console.log(`${what}: ${right} of ${known}`);
  expect(sumError).toBeLessThan(0.001);
  for (const { known, right } of covered.values()) {
    expect(known).toBeGreaterThan(0.9 * DAYS);
    expect(right / known).toBeGreaterThanOrEqual(LEAST);
  }
  expect([...covered.keys()]).toEqual(["baseline", "max", "one VM"]);
}, 1_200_000);
