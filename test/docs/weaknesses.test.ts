import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");

/** The known weaknesses of DPDK's vm_power_manager: S of security, R of robustness. */
const IDS = [
  ...Array.from({ length: 11 }, (_, i) => `S${i + 1}`),
  ...Array.from({ length: 20 }, (_, i) => `R${i + 1}`),
];

/** The cases of DPDK's published test plans, without those that measure network traffic (VP8, VP9, TH1) and branches (BR1). */
const CASES = [
  ...Array.from({ length: 7 }, (_, i) => `VP${i + 1}`),
  ...["BC1", "BC2", "BC3", "PO1", "PO2", "PO3", "PO4"],
  ...["NE1", "NE2", "NE3", "NE4", "PS1", "PB1", "PB2", "PB3"],
];

/** Titles of tests and of groups. */
function titlesIn(code: string): string[] {
  return [...code.matchAll(/^\s*(?:test|describe)(?:\.\w+(?:\([^\n]*?\))?)?\(\s*(["`])(.*?)\1/gms)].map(
    ([, , title = ""]) => title,
  );
}

/** Ids between brackets in titles, as "(S4, S5)". */
function namedIn(code: string): string[] {
  return titlesIn(code).flatMap((title) =>
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

test("every case of the published test plans is named by a test", () => {
  const titles = [...sources()].flatMap(titlesIn).join("\n");
  expect(CASES.filter((id) => !new RegExp(`\\b${id}\\b`).test(titles))).toEqual([]);
  expect(titles).not.toContain("VP8");
});

test("an id outside of a title does not count", () => {
  expect(namedIn('// (S1)\ntest("it holds (S2, R3)", () => {});\nconst id = "(S4)";\n')).toEqual([
    "S2",
    "R3",
  ]);
});
