import { expect, test } from "bun:test";
import fc from "fast-check";
import { KEYS, VM_KEYS } from "../../src/config/keys.ts";
import { editDistance, nearest } from "../../src/config/suggest.ts";

const names = [...Object.values(KEYS), VM_KEYS].flatMap((keys) => Object.keys(keys));

test("editDistance() is a distance", () => {
  const word = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c") });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});

test("nearest() finds a word with one typing error, and nothing for a different word", () => {
  for (const name of names.filter((known) => known.length > 3)) {
    expect(nearest(name.slice(0, 1) + name.slice(2), names)).toBe(name);
    expect(nearest(name.toUpperCase(), names)).toBe(name);
  }
  expect(nearest("Zyzzyva", names)).toBeUndefined();
  expect(nearest("D".repeat(100_000), names)).toBeUndefined();
});
