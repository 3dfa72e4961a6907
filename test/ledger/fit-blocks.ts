import { addToBlock, emptyBlock, type FitBlock } from "../../src/ledger/fit.ts";

/** Blocks of ten intervals at speeds from 1 to 2 GHz on four CPUs, with what they draw. */
export function blocksOf(watts: (ghz: number, i: number) => number, blocks = 20): FitBlock[] {
  return Array.from({ length: blocks }, (_, block) => {
    const made = emptyBlock(600_000 * block);
    for (let i = 0; i < 10; i++) {
      const ghz = 1 + ((block * 7 + i * 3) % 11) / 10;
      addToBlock(made, [1, 4 * ghz, 4 * ghz ** 3, 0], watts(ghz, block * 10 + i));
    }
    return made;
  });
}

export const exact = (ghz: number) => 30 + 4 * (1.5 * ghz + 0.5 * ghz ** 3);

/** The deviations of eight blocks in three independent directions, of 1, 2 and 3 W. */
export const DEVIATIONS: readonly (readonly [number, number, number])[] = Array.from(
  { length: 8 },
  (_, i) => [i % 2 === 0 ? 1 : -1, i % 4 < 2 ? 2 : -2, i < 4 ? 3 : -3],
);

/**
 * Blocks of four intervals, in which the terms are 1 and all pairs of 1 and -1, with these watts for each term and other ones in each block:
 * the terms are independent, so that least squares can be done by hand.
 */
export function independent(
  [constant, first, second]: readonly [number, number, number],
  deviations: readonly (readonly [number, number, number])[] = DEVIATIONS.map(() => [0, 0, 0]),
): FitBlock[] {
  return deviations.map(([c, d, e]) => {
    const block = emptyBlock(0);
    for (const a of [1, -1])
      for (const b of [1, -1])
        addToBlock(block, [1, a, b, 0], constant + c + (first + d) * a + (second + e) * b);
    return block;
  });
}
