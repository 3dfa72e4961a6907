import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");

/** The known weaknesses of DPDK's vm_power_manager: S of security, R of robustness. */
const IDS = [
  ...Array.from({ length: 11 }, (_, i) => `S${i + 1}`),
  ...Array.from({ length: 20 }, (_, i) => `R${i + 1}`),
];

/** Ids between brackets in titles of tests, as "(S4, S5)". */
function namedIn(code: string): string[] {
  const titles = [...code.matchAll(/^\s*test(?:\.\w+(?:\([^\n]*?\))?)?\(\s*(["`])(.*?)\1/gms)].map(
    ([, , title = ""]) => title,
  );
  return titles.flatMap((title) =>
    [...title.matchAll(/\(([^()]*)\)/g)].flatMap(([, list = ""]) => list.split(", ")),
  );
}

function* sources(): Iterable<string> {
  for (const file of new Bun.Glob("**/*.test.ts").scanSync(ROOT))
    yield readFileSync(join(ROOT, file), "utf8");
}

test("every known weakness of DPDK's host is named by a test", () => {
  const named = new Set([...sources()].flatMap(namedIn));
  expect(IDS.filter((id) => !named.has(id))).toEqual([]);
});

test("an id outside of a title does not count", () => {
  expect(namedIn('// (S1)\ntest("it holds (S2, R3)", () => {});\nconst id = "(S4)";\n')).toEqual([
    "S2",
    "R3",
  ]);
});
