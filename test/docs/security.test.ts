import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FAULTS } from "../faults/faults.ts";

const ROOT = join(import.meta.dir, "../..");

/** The tests that a text names, as `file`: "name", or with several names. */
function named(text: string): { file: string; name: string }[] {
  const oneLine = text.replace(/\s+/g, " ");
  return [...oneLine.matchAll(/`(test\/[\w./-]+)`: ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
    ([, file = "", names = ""]) => [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => ({ file, name })),
  );
}

/** Named tests that do not exist. A comment does not count as a test. */
function missing(text: string): { file: string; name: string }[] {
  return named(text).filter(({ file, name }) => {
    if (!existsSync(join(ROOT, file))) return true;
    const code = readFileSync(join(ROOT, file), "utf8").replace(/^\s*(#|\/\/).*$/gm, "");
    return !code.includes(name);
  });
}

const SECURITY = readFileSync(join(ROOT, "SECURITY.md"), "utf8");

test("SECURITY.md names tests that exist", () => {
  expect(named(SECURITY).length).toBeGreaterThan(30);
  expect(missing(SECURITY)).toEqual([]);
});

test("SECURITY.md names a test for each promise", () => {
  const promises = SECURITY.split("\n## Not defended")[0]?.split(/\n\* /).slice(1) ?? [];
  const unheld = promises.filter((text) => named(text).length === 0 && !text.startsWith("Not defended"));
  expect(unheld).toEqual([]);
});

test("a missing test is noticed", () => {
  const planted =
    '* It flies. `test/docs/security.test.ts`: "is noticed", "it lands softly"; `test/gone.test.ts`: "gone"';
  expect(missing(planted.replace("softly", "soft" + "er")).map(({ file }) => file)).toEqual([
    "test/docs/security.test.ts",
    "test/gone.test.ts",
  ]);
});

test("every test of this folder that SECURITY.md names has a fault that it must catch", () => {
  const units = named(SECURITY).filter(({ file }) => file.endsWith(".test.ts"));
  const without = units.filter(
    ({ file, name }) => !FAULTS.some((fault) => fault.test === file && isSame(fault.name, name)),
  );
  expect(without).toEqual([]);
});

/** SECURITY.md may leave out the beginning or the end of a name, and a name of many tests ends where they differ. */
function isSame(one: string, other: string): boolean {
  return one.includes(other) || other.includes(one);
}

test("every fault has its line exactly once, another in its place, and a test that exists", () => {
  const wrong = FAULTS.filter(({ file, line, instead, test, name }) => {
    const places = readFileSync(join(ROOT, file), "utf8").split(line).length - 1;
    const tests = readFileSync(join(ROOT, test), "utf8");
    return places !== 1 || instead === line || !tests.includes(name);
  });
  expect(wrong).toEqual([]);
});
