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
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/**
 * Solves a·x = b for the kept unknowns, the others being zero. `a` is a sum of x·xᵀ: symmetric, and not negative. Undefined if
 * the unknowns are not determined.
 */
export function solve(a: Matrix, b: Vector, kept: readonly boolean[]): Vector | undefined {
  const at = b.flatMap((_, i) => (kept[i] ? [i] : []));
  const rows = at.map((i) => [...at.map((j) => a[i]?.[j] ?? 0), b[i] ?? 0]);
  for (const [step, unknown] of at.entries()) {
    const lead = rows[step] ?? [];
    const pivot = lead[step] ?? 0;
    if (!(pivot > SINGULAR * (a[unknown]?.[unknown] ?? 0))) return undefined;
    for (const [i, row] of rows.entries()) {
      if (i === step) continue;
      const factor = (row[step] ?? 0) / pivot;
      rows[i] = row.map((value, j) => value - factor * (lead[j] ?? 0));
    }
  }
  const solved = b.map(() => 0);
  at.forEach((unknown, i) => {
    solved[unknown] = (rows[i]?.at(-1) ?? 0) / (rows[i]?.[i] ?? 1);
  });
  return solved;
}

/** The inverse of the kept rows and columns, with zeros elsewhere; undefined if there is none. */
export function invert(a: Matrix, kept: readonly boolean[]): Matrix | undefined {
  const rows: Vector[] = [];
  for (const [i] of a.entries()) {
    const unit = a.map((_, j) => (i === j && kept[i] ? 1 : 0));
    const solved = solve(a, unit, kept);
    if (solved === undefined) return undefined;
    rows.push(solved);
  }
  return rows;
}
