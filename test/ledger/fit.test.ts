import { expect, test } from "bun:test";
import { addToBlock, emptyBlock, type FitBlock, fitModel } from "../../src/ledger/fit.ts";
import { savedJoules, unknownBecause } from "../../src/ledger/savings.ts";
import { NO_USE } from "../../src/ledger/use.ts";

/** Blocks of ten intervals at speeds from 1 to 2 GHz on four CPUs, with what they draw. */
function blocksOf(watts: (ghz: number, i: number) => number, blocks = 20): FitBlock[] {
  return Array.from({ length: blocks }, (_, block) => {
    const made = emptyBlock(600_000 * block);
    for (let i = 0; i < 10; i++) {
      const ghz = 1 + ((block * 7 + i * 3) % 11) / 10;
      addToBlock(made, [1, 4 * ghz, 4 * ghz ** 3, 0], watts(ghz, block * 10 + i));
    }
    return made;
  });
}

const exact = (ghz: number) => 30 + 4 * (1.5 * ghz + 0.5 * ghz ** 3);

test("fitModel() finds the coefficients of a host that follows the model", () => {
  const fit = fitModel(blocksOf(exact));
  expect(fit?.model.staticW).toBeCloseTo(30);
  expect(fit?.model.linear).toBeCloseTo(1.5);
  expect(fit?.model.cubic).toBeCloseTo(0.5);
  expect([fit?.isGood, fit?.knowsTurbo, fit?.blocks]).toEqual([true, false, 20]);
  expect(fit?.residualW).toBeLessThan(1e-3);
});

test("fitModel() never says that work takes less than nothing", () => {
  const { linear = -1, cubic = -1, staticW = -1 } = fitModel(blocksOf((ghz) => 60 - 4 * ghz))?.model ?? {};
  expect(Math.min(linear, cubic, staticW)).toBeGreaterThanOrEqual(0);
});

test("fitModel() has nothing to say about a host that always did the same", () => {
  const same = Array.from({ length: 20 }, (_, block) => {
    const made = emptyBlock(block);
    for (let i = 0; i < 10; i++) addToBlock(made, [1, 4, 4, 0], 50);
    return made;
  });
  expect(fitModel(same)).toBeUndefined();
  expect(fitModel([])).toBeUndefined();
});

const MORE = { more: { ghzS: 1000, ghz3S: 2000, turboS: 0 }, slack: NO_USE };

test("savedJoules() is told with its interval, which contains the truth", () => {
  const saved = savedJoules(fitModel(blocksOf(exact)), MORE, "all");
  expect(saved?.joules).toBeCloseTo(1.5 * 1000 + 0.5 * 2000, 1);
  expect((saved?.low ?? 0) < 2500 && (saved?.high ?? 0) > 2500).toBe(true);
});

test("savedJoules() is not known where the fit is poor, short, or never saw turbo", () => {
  // 40 W of something else, which comes and goes.
  expect(savedJoules(fitModel(blocksOf((ghz, i) => exact(ghz) + (i % 2) * 40)), MORE, "all")).toBeUndefined();
  expect(savedJoules(fitModel(blocksOf(exact, 8)), MORE, "all")).toBeUndefined();
  expect(savedJoules(undefined, MORE, "all")).toBeUndefined();
  const turbo = { more: { ghzS: 1000, ghz3S: 2000, turboS: 5 }, slack: NO_USE };
  expect(savedJoules(fitModel(blocksOf(exact)), turbo, "all")).toBeUndefined();
});

test("unknownBecause() says what is missing", () => {
  const poor = fitModel(blocksOf((ghz, i) => exact(ghz) + (i % 2) * 40));
  expect([
    unknownBecause(undefined, 0),
    unknownBecause(undefined, 3),
    unknownBecause(undefined, 20),
    unknownBecause(poor, 20)
      .replace(/\d+ %/, "few %")
      .replace(/\d+\.\d/, "many"),
    unknownBecause(fitModel(blocksOf(exact)), 20),
  ]).toEqual([
    "the host has no meter to fit the model with",
    "the host was metered for 3 of at least 12 spans of ten minutes",
    "the host always did the same, so nothing can be compared",
    "the model explains only few % of the changes in power, and errs by many W",
    "no CPU has run at turbo while the host was metered",
  ]);
});
