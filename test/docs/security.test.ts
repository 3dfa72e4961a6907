import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** The tests that a text names, as `file`: "name". */
function named(text: string): { file: string; name: string }[] {
  const oneLine = text.replace(/\s+/g, " ");
  return [...oneLine.matchAll(/`(test\/[\w./-]+)`: "([^"]+)"/g)].map(([, file = "", name = ""]) => ({
    file,
    name,
  }));
}

/** Those that do not exist. A comment is no test. */
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

test("a test that is not there is noticed", () => {
  const planted = '* It flies. `test/docs/security.test.ts`: "it lands softly"; `test/gone.test.ts`: "gone"';
  expect(missing(planted.replace("softly", "soft" + "er")).map(({ file }) => file)).toEqual([
    "test/docs/security.test.ts",
    "test/gone.test.ts",
  ]);
});
