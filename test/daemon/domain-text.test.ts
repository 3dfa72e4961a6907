import { expect, test } from "bun:test";
import { ORIGINS } from "../../src/base/origin.ts";
import { ENDING_WORDS, ORIGIN_WORDS } from "../../src/daemon/words/domain-text.ts";

test("every origin and every ending has its own text", () => {
  expect(Object.keys(ORIGIN_WORDS)).toEqual([...ORIGINS]);
  for (const words of [ORIGIN_WORDS, ENDING_WORDS].map((table) => Object.values(table)))
    expect(new Set(words).size).toBe(words.length);
  expect([ORIGIN_WORDS["paused-by-io-error"], ENDING_WORDS["migrated-out"]]).toEqual([
    "paused by an I/O error",
    "migrated to another host",
  ]);
});
