import { expect, test } from "bun:test";
import { addToBlock, emptyBlock, fitModel } from "../../src/ledger/fit.ts";
import { savedJoules, unknownBecause } from "../../src/ledger/savings.ts";
import { NO_USE } from "../../src/ledger/use.ts";
import { blocksOf, DEVIATIONS, exact, independent } from "./fit-blocks.ts";

test("fitModel() finds the coefficients of a host that follows the model", () => {
  const fit = fitModel(blocksOf(exact));
  expect(fit?.model.staticW).toBeCloseTo(30);
  expect(fit?.model.linear).toBeCloseTo(1.5);
  expect(fit?.model.cubic).toBeCloseTo(0.5);
  expect([fit?.isGood, fit?.knowsTurbo, fit?.blocks]).toEqual([true, false, 20]);
  expect(fit?.residualW).toBeLessThan(1e-3);
});

test("a block sums the products of an interval's terms and watts", () => {
  const block = emptyBlock(5);
  const zeros = { xx: new Array(16).fill(0), xy: [0, 0, 0, 0], yy: 0 };
  expect(block).toEqual({ startMs: 5, count: 0, ...zeros });
  addToBlock(block, [1, 2, 3, 4], 10);
  addToBlock(block, [1, 0, 0, 0], 1);
  const rows = [
    [2, 2, 3, 4],
    [2, 4, 6, 8],
    [3, 6, 9, 12],
    [4, 8, 12, 16],
  ];
  expect(block).toEqual({ startMs: 5, count: 2, xx: rows.flat(), xy: [11, 20, 30, 40], yy: 101 });
});

test("fitModel() tells how good the fit is, and how sure its coefficients, from the differences between blocks", () => {
  const { t, ...fit } = fitModel(independent([10, 2, 3], DEVIATIONS)) ?? { t: 0 };
  expect(fit).toEqual({
    model: { staticW: 10, linear: 2, cubic: 3, turboW: 0 },
    // 8 / (8 - 4) times the sum over 8 blocks of (4 of 32 intervals times 1, 2 and 3 W) squared.
    covariance: [
      [0.25, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 2.25, 0],
      [0, 0, 0, 0],
    ],
    blocks: 8,
    // The squares of 1, 2 and 3 W, of which the model explains 2 and 3 W: 13 of 27.
    residualW: Math.sqrt(14),
    meanW: 10,
    explained: 1 - 14 / 27,
    knowsTurbo: false,
    isGood: false,
  });
  // The same in milliwatts.
  const milli = DEVIATIONS.map(([c, d, e]) => [c / 1000, d / 1000, e / 1000] as const);
  expect(fitModel(independent([0.01, 0.002, 0.003], milli))?.explained).toBeCloseTo(1 - 14 / 27);
});

test("the factor of a standard error is Student's for 95 %", () => {
  const factor = (blocks: number) => fitModel(blocksOf(exact, blocks))?.t ?? 0;
  // By degrees of freedom, from a table: 1, 3, 4, 8, 12, 100.
  expect(fitModel(blocksOf(exact, 4))).toBeUndefined();
  expect(factor(5)).toBeGreaterThan(10);
  expect(Math.abs(factor(7) - 3.182)).toBeLessThan(0.01);
  for (const [blocks, student] of [
    [8, 2.7764],
    [12, 2.306],
    [16, 2.1788],
    [104, 1.984],
  ] as const)
    expect(Math.abs(factor(blocks) - student)).toBeLessThan(0.0006);
});

test("fitModel() leaves out the terms that would take less than nothing, whichever these are", () => {
  const signs = [1, -1].flatMap((a) =>
    [1, -1].flatMap((b) => [1, -1].map((c) => [10 * a, 2 * b, 3 * c] as const)),
  );
  expect(
    signs.map((watts) => {
      const { staticW, linear, cubic } = fitModel(independent(watts))?.model ?? {};
      return [staticW, linear, cubic];
    }),
  ).toEqual([
    ...[
      [10, 2, 3],
      [10, 2, 0],
      [10, 0, 3],
      [10, 0, 0],
    ],
    ...[
      [0, 2, 3],
      [0, 2, 0],
      [0, 0, 3],
      [0, 0, 0],
    ],
  ]);
});

test("fitModel() takes the best of what is left", () => {
  // Power that rises less and less with the speed: a straight line is nearer to it than any other.
  const { linear = 0, cubic } = fitModel(blocksOf((ghz) => 30 + 40 * ghz - ghz ** 3))?.model ?? {};
  expect([linear > 0, cubic]).toEqual([true, 0]);
});

test("a fit is good with enough blocks, if it explains half of the changes and errs by 15 % of the mean at most", () => {
  const isGood = (watts: (ghz: number, i: number) => number, blocks?: number) =>
    fitModel(blocksOf(watts, blocks))?.isGood;
  const other = (size: number) => (i: number) => (i % 2 === 0 ? size : -size);
  expect([
    isGood(exact, 11),
    isGood(exact, 12),
    // From 20 to 160 W, with 30 W of something else.
    isGood((ghz, i) => 20 * ghz ** 3 + other(30)(i)),
    isGood((ghz, i) => 200 + 20 * ghz ** 3 + other(30)(i)),
    // 100 to 101 W, with 2 W of something else.
    isGood((ghz, i) => 99 + ghz + other(2)(i)),
  ]).toEqual([false, true, false, true, false]);
  const just = (constant: number, sizes: readonly [number, number]) => {
    const deviations = DEVIATIONS.map(([c, d]) => [c * sizes[0], (d / 2) * sizes[1], 0] as const);
    return fitModel(independent([constant, 2, 3], [...deviations, ...deviations]))?.isGood;
  };
  // It explains 2² + 3², beside as much, and errs by 3 of 20 W.
  expect([just(100, [2, 3]), just(100, [2, 3.01]), just(20, [3, 0]), just(20, [3.01, 0])]).toEqual([
    ...[true, false, true, false],
  ]);
});

test("fitModel() explains nothing where nothing changed, and knows turbo where it saw any", () => {
  const constant = fitModel(independent([50, 0, 0]));
  expect([constant?.explained, constant?.model.staticW]).toEqual([0, 50]);
  const blocks = independent([10, 2, 3]).map((block, i) => {
    // A little of turbo, which takes 7 W for each tenth of a CPU.
    addToBlock(block, [1, 1, 1, i % 2 === 0 ? 0.1 : 0], i % 2 === 0 ? 22 : 15);
    return block;
  });
  const { model, knowsTurbo } = fitModel(blocks) ?? {};
  expect(
    [model?.turboW, knowsTurbo].map((each) => (typeof each === "number" ? Math.round(each) : each)),
  ).toEqual([70, true]);
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
