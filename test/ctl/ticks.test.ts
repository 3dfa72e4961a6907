import { expect, test } from "bun:test";
import { axisText, timeTicks, valueTicks } from "../../src/ctl/report/ticks.ts";
import { MONDAY_MS } from "../report/week.ts";

test("axes have round numbers and round times", () => {
  expect([0, 0.9, 7, 84, 380, 3600].map(valueTicks)).toEqual([
    [0, 1],
    [0, 0.25, 0.5, 0.75, 1],
    [0, 2, 4, 6, 8],
    [0, 25, 50, 75, 100],
    [0, 100, 200, 300, 400],
    [0, 1000, 2000, 3000, 4000],
  ]);
  expect([0, 0.25, 8000, 25_000, 1_250_000].map(axisText)).toEqual(["0", "0.25", "8000", "25k", "1.25M"]);
  const texts = (hours: number) =>
    timeTicks(MONDAY_MS, MONDAY_MS + hours * 3_600_000).map(({ text }) => text);
  expect(texts(4)).toEqual(["Mon 16", "01:00", "02:00", "03:00", "04:00"]);
  expect(texts(48)).toEqual([
    "Mon 16",
    "06:00",
    "12:00",
    "18:00",
    "Tue 17",
    "06:00",
    "12:00",
    "18:00",
    "Wed 18",
  ]);
  expect(texts(7 * 24)).toEqual([
    "Mon 16",
    "Tue 17",
    "Wed 18",
    "Thu 19",
    "Fri 20",
    "Sat 21",
    "Sun 22",
    "Mon 23",
  ]);
  expect(texts(31 * 24).length).toBeLessThanOrEqual(9);
});
