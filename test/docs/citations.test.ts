import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Section titles of vm-power-protocol(7). */
const TITLES = [...read("man/vm-power-protocol.7.scd").matchAll(/^##? (.+)$/gm)].map(
  ([, title = ""]) => title,
);

/** The sections of vm-power-protocol(7) that a text cites. A citation may continue on the next line of a comment. */
function cited(text: string): string[] {
  const oneLine = text.replace(/\s*\n\s*(\*|\/\/)?\s*/g, " ");
  return [...oneLine.matchAll(/vm-power-protocol\(7\), "([^"]+)"/g)].map(([, title = ""]) => title);
}

test("comments cite sections that vm-power-protocol(7) has", async () => {
  const files = await Array.fromAsync(new Bun.Glob("{src,test}/**/*.ts").scan(ROOT));
  const titles = files
    .filter((file) => file !== "test/docs/citations.test.ts")
    .flatMap((file) => cited(read(file)));
  expect(titles.length).toBeGreaterThan(20);
  expect(titles.filter((title) => !TITLES.includes(title))).toEqual([]);
});

test("a citation is found on one line and across two, and a section that does not exist is noticed", () => {
  const text = '// vm-power-protocol(7), "PACKETS"\n/**\n * vm-power-protocol(7), "Flying\n * cars"\n */';
  expect(cited(text)).toEqual(["PACKETS", "Flying cars"]);
  expect(TITLES).toContain("PACKETS");
  expect(TITLES).not.toContain("Flying cars");
});

test("no comment cites a section by its number", async () => {
  const files = await Array.fromAsync(new Bun.Glob("{src,test,man,etc,systemd}/**/*").scan(ROOT));
  const numbered = files.filter((file) => /\b(spec|protocol),? sections? \d/i.test(read(file)));
  expect(numbered).toEqual([]);
});

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}
