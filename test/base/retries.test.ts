import { expect, test } from "bun:test";
import { Retries } from "../../src/base/retries.ts";

/** The times of all attempts in a day, with one look per second. */
function tries(retries: Retries<string>, succeedsAt = Number.POSITIVE_INFINITY): number[] {
  const made: number[] = [];
  for (let now = 0; now < 1000; now++) {
    if (!retries.isDue("a", now)) continue;
    made.push(now);
    if (now >= succeedsAt) retries.succeeded("a");
    else retries.failed("a", now);
    if (now >= succeedsAt) break;
  }
  return made;
}

test("Retries doubles the time between tries up to a bound", () => {
  expect(tries(new Retries({ first: 10, max: 300 }))).toEqual([0, 10, 30, 70, 150, 310, 610, 910]);
});

test("Retries starts with the shortest wait again after a success", () => {
  const retries = new Retries<string>({ first: 10, max: 300 });
  expect(tries(retries, 70)).toEqual([0, 10, 30, 70]);
  expect(tries(retries).slice(0, 3)).toEqual([0, 10, 30]);
});

test("Retries has a separate wait for each key", () => {
  const retries = new Retries<string>({ first: 10, max: 300 });
  retries.failed("a", 0);
  expect([retries.isDue("a", 9), retries.isDue("b", 9), retries.isDue("a", 10)]).toEqual([false, true, true]);
  retries.succeeded("b");
  expect(retries.isDue("a", 9)).toBe(false);
});

test("Retries does not wait longer because of a try for another reason", () => {
  const retries = new Retries<string>({ first: 10, max: 300 });
  for (const now of [0, 1, 2, 9]) retries.failed("a", now);
  expect([retries.isDue("a", 9), retries.isDue("a", 10)]).toEqual([false, true]);
  retries.failed("a", 10);
  expect([retries.isDue("a", 29), retries.isDue("a", 30)]).toEqual([false, true]);
});
