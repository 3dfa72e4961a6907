import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EQUIVALENT } from "./equivalent.ts";
import { mutantsOf } from "./mutants.ts";
import { outcomesOf } from "./outcomes.ts";
import { roomsOf } from "./scope.ts";

const ROOT = join(import.meta.dir, "../..");
const tree = mkdtempSync(join(tmpdir(), "vm-power-mutants-test-"));
afterAll(() => rmSync(tree, { recursive: true }));

/** Writes a file into a tree of its own, and returns what changes in it, as text. */
function changes(source: string): string[] {
  writeFileSync(join(tree, "a.ts"), source);
  return mutantsOf(tree, ["a.ts"]).map(({ change }) => change);
}

test("mutantsOf() changes comparisons, sums, conditions, literals, calls and statements, and no type or text", () => {
  expect(changes("export const f = (a: number, b: 1 | 2) => a < b;")).toEqual([
    "a < b → a <= b",
    "a < b → a >= b",
  ]);
  expect(changes('export const f = (a: number) => a * 2 + "a" + "b";')).toEqual(["a * 2 → a / 2", "2 → 3"]);
  expect(changes("export function f(a?: number) { if (a === 1) return; }")).toEqual([
    ...["a === 1 → true", "a === 1 → false", "1 → 2", "return; → nothing"],
  ]);
  expect(changes("export const f = (a?: { b: boolean }) => !a?.b;")).toEqual(["!a?.b → a?.b"]);
  expect(changes("export const f = (a: number[], b?: number) => a.some((c) => c && b) ?? false;")).toEqual([
    "a.some((c) => c && b) ?? false → a.some((c) => c && b) && false",
    ...["some → every", "c && b → c || b", "false → true"],
  ]);
});

test("outcomesOf() tells which mutants the tests notice, and stops loops that do not end", async () => {
  mkdirSync(join(tree, "test"));
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  writeFileSync(
    join(tree, "sum.ts"),
    `export const FIRST = 1;
export function sum(end: number): number {
  let result = 0;
  for (let i = FIRST; i < end; i++) result += i;
  if (result > 1000) throw new Error("too much");
  else result += 0;
  return result;
}
export const unused = (a: number) => a - 1;
`,
  );
  writeFileSync(
    join(tree, "test/sum.test.ts"),
    `import { expect, test } from "bun:test";
import { sum } from "../sum.ts";
test("sum() adds the numbers before one", () => expect(sum(4)).toBe(6));
`,
  );
  const mutants = mutantsOf(tree, ["sum.ts"]);
  const ids = mutants.map(({ id }) => id);
  const found = await outcomesOf({ root: tree, tests: ["test/sum.test.ts"], mutants }, ids);
  const alive = mutants.filter(({ id }) => found.get(id)?.by === undefined);
  expect(alive.map(({ change, place }) => `${place} ${change}`)).toEqual([
    ...["5:7 result > 1000 → false", "5:7 result > 1000 → result >= 1000", "5:16 1000 → 1001"],
    ...['5:22 throw new Error("too much"); → nothing', "6:8 result += 0; → nothing"],
    ...["6:8 result += 0 → result -= 0", "9:38 a - 1 → a + 1", "9:42 1 → 2"],
  ]);
  // A module's own constants are changed as well, and an endless loop counts as noticed.
  const killed = mutants.filter(
    ({ id }) => found.get(id)?.by === "test/sum.test.ts: sum() adds the numbers before one",
  );
  expect(killed.map(({ change }) => change)).toEqual([
    ...["1 → 2", "0 → 1", "i < end → false", "i < end → i <= end", "i++ → i--", "result += i; → nothing"],
    ...["result += i → result -= i", "result > 1000 → true", "0 → 1"],
  ]);
});

test("each mutant that is listed as equivalent is in the sources", () => {
  const mutants = mutantsOf(
    ROOT,
    roomsOf(ROOT, []).flatMap(({ files }) => files),
  );
  const known = new Set(mutants.map(({ file, line, change }) => `${file}: ${line}: ${change}`));
  const listed = EQUIVALENT.flatMap(({ file, line, changes }) =>
    changes.map((change) => `${file}: ${line}: ${change}`),
  );
  expect(listed.filter((each) => !known.has(each))).toEqual([]);
});

test("what stands in for bun:test has every form of a test that is used", () => {
  const used = roomsOf(ROOT, [])
    .flatMap(({ tests }) => tests)
    .flatMap((file) => [
      ...readFileSync(join(ROOT, file), "utf8").matchAll(/^\s*(?:test|describe)\.(\w+)\(/gm),
    ]);
  expect([...new Set(used.map(([, form]) => form))].sort()).toEqual(["each", "skipIf"]);
});
