import { expect, test } from "bun:test";
import { invert, solve } from "../../src/ledger/matrix.ts";

const ALL = [true, true];

test("solve() finds the kept unknowns, and leaves the others zero", () => {
  // 2x + y = 5, x + 3y = 10.
  const a = [
    [2, 1],
    [1, 3],
  ];
  expect([
    solve(a, [5, 10], ALL),
    solve(a, [5, 10], [true, false]),
    solve(a, [5, 9], [false, true]),
    solve(a, [5, 10], [false, false]),
  ]).toEqual([
    [1, 3],
    [2.5, 0],
    [0, 3],
    [0, 0],
  ]);
});

test("invert() makes the inverse of what is kept", () => {
  const a = [
    [2, 1],
    [1, 1],
  ];
  expect([invert(a, ALL), invert(a, [true, false])]).toEqual([
    [
      [1, -1],
      [-1, 2],
    ],
    [
      [0.5, 0],
      [0, 0],
    ],
  ]);
});

test("what is not determined has no solution, by the scale of its numbers", () => {
  const nearly = (scale: number, apart: number) => [
    [scale, scale],
    [scale, scale * (1 + apart)],
  ];
  const isSolved = (a: readonly (readonly number[])[]) => solve(a, [1, 2], ALL) !== undefined;
  expect([
    isSolved(nearly(1, 1e-9)),
    isSolved(nearly(1, 1e-11)),
    isSolved(nearly(1e6, 1e-9)),
    isSolved(nearly(1e6, 1e-11)),
    isSolved(nearly(1e-6, 1e-9)),
    isSolved([
      [0, 0],
      [0, 1],
    ]),
  ]).toEqual([true, false, true, false, true, false]);
  expect(solve([[0]], [1], [true])).toBeUndefined();
  expect(
    invert(
      [
        [0, 0],
        [0, 1],
      ],
      ALL,
    ),
  ).toBeUndefined();
});
