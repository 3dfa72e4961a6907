import { dot, invert, type Matrix, solve, times, type Vector } from "./matrix.ts";
import type { PowerModel } from "./power-model.ts";

/** The terms of the model: one, f, f³, and turbo. */
export const TERMS = 4;
const TURBO = 3;
/** The sets of the terms before turbo, by bits. */
const SETS = 1 << TURBO;

/** Sums of the intervals of some minutes, from which the model can be fitted: of its terms x and of y, the watts. */
export interface FitBlock {
  readonly startMs: number;
  count: number;
  /** x·xᵀ, row by row. */
  readonly xx: number[];
  /** x·y. */
  readonly xy: number[];
  yy: number;
}

/** Fewer blocks say nothing about how much a model may err. */
export const BLOCKS_MIN = 12;

/** The model must explain this part of the changes in power, and be wrong by less than this part of the mean. */
const EXPLAINED_MIN = 0.5;
const RESIDUAL_MAX = 0.15;

/** A model that was fitted, and how good it is. */
export interface Fit {
  readonly model: PowerModel;
  /** Of the coefficients. */
  readonly covariance: Matrix;
  /** The factor of a standard error for 95 %. */
  readonly t: number;
  readonly blocks: number;
  /** The root mean square of what the model does not explain, in watts. */
  readonly residualW: number;
  readonly meanW: number;
  /** The part of the changes that the model explains: 1 is all. */
  readonly explained: number;
  /** Whether any CPU ever ran at turbo: otherwise nothing is known about it. */
  readonly knowsTurbo: boolean;
  /** Whether it is good enough to tell what was saved. */
  readonly isGood: boolean;
}

/** An empty block. */
export function emptyBlock(startMs: number): FitBlock {
  return { startMs, count: 0, xx: Array(TERMS * TERMS).fill(0), xy: Array(TERMS).fill(0), yy: 0 };
}

/** Adds an interval to a block. */
export function addToBlock(block: FitBlock, x: Vector, watts: number): void {
  block.count++;
  for (let row = 0; row < TERMS; row++) {
    block.xy[row] = (block.xy[row] as number) + (x[row] as number) * watts;
    for (let column = 0; column < TERMS; column++) {
      const at = TERMS * row + column;
      block.xx[at] = (block.xx[at] as number) + (x[row] as number) * (x[column] as number);
    }
  }
  block.yy += watts * watts;
}

/**
 * Fits the model by least squares; only turbo may have a negative coefficient. Errors of neighbouring intervals depend on
 * each other (a CPU stays warm for minutes), so the covariance is that of blocks (the sandwich estimator for clusters).
 * Undefined if the host did always the same: then nothing can be told apart.
 */
export function fitModel(blocks: readonly FitBlock[]): Fit | undefined {
  if (blocks.length <= TERMS) return undefined;
  const { count, xx, xy, yy } = sumOf(blocks);
  const knowsTurbo = (xx[TURBO]?.[TURBO] as number) > 0;
  const bread = invert(xx, [true, true, true, knowsTurbo]);
  if (bread === undefined) return undefined;
  const theta = nonNegative({ xx, xy, yy, knowsTurbo });
  const [staticW, linear, cubic, turboW] = theta as readonly [number, number, number, number];
  const meanW = (xy[0] as number) / count;
  const squares = Math.max(0, squaresOf(theta, { xx, xy, yy }));
  const spread = yy - count * meanW * meanW;
  const residualW = Math.sqrt(squares / count);
  const explained = spread > 0 ? 1 - squares / spread : 0;
  const isClose = explained >= EXPLAINED_MIN && residualW <= RESIDUAL_MAX * meanW;
  return {
    model: { staticW, linear, cubic, turboW },
    covariance: sandwich(bread, blocks, theta),
    t: studentT(blocks.length - TERMS),
    blocks: blocks.length,
    residualW,
    meanW,
    explained,
    knowsTurbo,
    isGood: blocks.length >= BLOCKS_MIN && isClose,
  };
}

/** The factor of a standard error for 95 %, to a hundredth from three degrees of freedom on. */
function studentT(degrees: number): number {
  return 1.96 + 2.37 / degrees + 2.8 / degrees ** 2 + 3.1 / degrees ** 3;
}

function sandwich(bread: Matrix, blocks: readonly FitBlock[], theta: Vector): Matrix {
  const factor = blocks.length / (blocks.length - TERMS);
  const scores = blocks.map(({ xx, xy }) => {
    const predicted = times(rowsOf(xx), theta);
    return times(
      bread,
      xy.map((value, i) => value - (predicted[i] as number)),
    );
  });
  const moment = (i: number, j: number) => (sum: number, u: Vector) =>
    sum + factor * (u[i] as number) * (u[j] as number);
  return bread.map((_, i) => bread.map((_, j) => scores.reduce(moment(i, j), 0)));
}

interface Sums {
  readonly xx: Matrix;
  readonly xy: Vector;
  readonly yy: number;
}

/** The best of the solutions in which some coefficients are zero and none is negative. */
function nonNegative({ knowsTurbo, ...sums }: Sums & { readonly knowsTurbo: boolean }): Vector {
  let best: Vector = Array(TERMS).fill(0);
  let least = Number.POSITIVE_INFINITY;
  for (let kept = 1; kept < SETS; kept++) {
    const theta = solve(sums.xx, sums.xy, [...[1, 2, 4].map((bit) => (kept & bit) !== 0), knowsTurbo]);
    if (theta === undefined || theta.slice(0, TURBO).some((value) => value < 0)) continue;
    const squares = squaresOf(theta, sums);
    if (squares >= least) continue;
    least = squares;
    best = theta;
  }
  return best;
}

/** The sum of the squared errors. */
function squaresOf(theta: Vector, { xx, xy, yy }: Sums): number {
  return yy - 2 * dot(theta, xy) + dot(theta, times(xx, theta));
}

function rowsOf(flat: readonly number[]): Matrix {
  return Array.from({ length: TERMS }, (_, row) => flat.slice(TERMS * row, TERMS * (row + 1)));
}

/** The sums over all blocks. */
function sumOf(blocks: readonly FitBlock[]): Sums & { readonly count: number } {
  const add = (a: Vector, b: Vector) => a.map((value, i) => value + (b[i] as number));
  return {
    count: blocks.reduce((sum, { count }) => sum + count, 0),
    xx: rowsOf(blocks.map(({ xx }) => xx as Vector).reduce(add)),
    xy: blocks.map(({ xy }) => xy as Vector).reduce(add),
    yy: blocks.reduce((sum, { yy }) => sum + yy, 0),
  };
}
