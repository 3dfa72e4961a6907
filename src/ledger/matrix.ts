/** A vector, and a square matrix row by row. */
export type Vector = readonly number[];
export type Matrix = readonly Vector[];

/** Below this part of its scale a pivot is one of columns that depend on each other. */
const SINGULAR = 1e-10;

/** The product of a matrix and a vector. */
export function times(a: Matrix, v: Vector): Vector {
  return a.map((row) => dot(row, v));
}

/** The sum of the products. */
export function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

/**
 * Solves a·x = b for the kept unknowns, the others being zero. `a` is a sum of x·xᵀ: symmetric, and not negative. Undefined if
 * the unknowns are not determined.
 */
export function solve(a: Matrix, b: Vector, kept: readonly boolean[]): Vector | undefined {
  const at = b.flatMap((_, i) => (kept[i] ? [i] : []));
  const rows = at.map((i) => [...at.map((j) => a[i]?.[j] as number), b[i] as number]);
  for (const [step, unknown] of at.entries()) {
    const lead = rows[step] as Vector;
    const pivot = lead[step] as number;
    if (!(pivot > SINGULAR * (a[unknown]?.[unknown] as number))) return undefined;
    for (const [i, row] of rows.entries()) {
      if (i === step) continue;
      const factor = (row[step] as number) / pivot;
      rows[i] = row.map((value, j) => value - factor * (lead[j] as number));
    }
  }
  const solved = b.map(() => 0);
  at.forEach((unknown, i) => {
    const row = rows[i] as Vector;
    solved[unknown] = (row.at(-1) as number) / (row[i] as number);
  });
  return solved;
}

/** The inverse of the kept rows and columns, with zeros elsewhere; undefined if there is none. */
export function invert(a: Matrix, kept: readonly boolean[]): Matrix | undefined {
  const rows: Vector[] = [];
  for (const [i] of a.entries()) {
    const unit = a.map((_, j) => (i === j ? 1 : 0));
    const solved = solve(a, unit, kept);
    if (solved === undefined) return undefined;
    rows.push(solved);
  }
  return rows;
}
