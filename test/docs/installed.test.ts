import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Files that packages install for operators. SECURITY.md names tests, and says that they are in the sources. */
const INSTALLED = [
  "docs",
  "etc",
  "man",
  "systemd",
  "packaging/examples",
  "packaging/monitoring",
  "packaging/guest",
];

/** Paths in the sources, which do not exist on an installed host. */
const SOURCE_PATH = /(?<![\w/.-])(packaging|src|test|bench|interop|systemd|etc|man)\/[\w-]+/;

/** The lines of a text that name a path in the sources. */
function linesWithSourcePaths(text: string): string[] {
  return text.split("\n").filter((line) => SOURCE_PATH.test(line));
}

test("installed files name no path of the sources", () => {
  const files = INSTALLED.flatMap((folder) => [...new Bun.Glob(`${folder}/*`).scanSync(ROOT)]);
  expect(files.length).toBeGreaterThan(15);
  expect(files.flatMap((file) => linesWithSourcePaths(read(file)))).toEqual([]);
});

test("a path of the sources is noticed, and a path of an installed host is not", () => {
  expect(
    linesWithSourcePaths("# see packaging/monitoring\n/etc/vm-power.conf\n/usr/lib/systemd/system"),
  ).toEqual(["# see packaging/monitoring"]);
});

test("README.md and SECURITY.md have no relative links, because packages lack the other files", () => {
  const links = ["README.md", "SECURITY.md"].flatMap((file) => [
    ...read(file).matchAll(/\]\((?!https?:)[^)]*\)/g),
  ]);
  expect(links).toEqual([]);
});

test("README.md is in both packages for Debian and for RPM", () => {
  for (const name of ["vm-power", "vm-power-guest"])
    expect(read(`packaging/debian/${name}.docs`).split("\n")).toContain("README.md");
  expect(read("packaging/rpm/vm-power.spec")).toContain("for doc in README.md");
});

test("the man pages that another page names are in man/", async () => {
  const pages = await Array.fromAsync(new Bun.Glob("man/*.scd").scan(ROOT));
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/\*(vm-?power[\w.-]*)\*\((\d)\)/g)].map(
      ([, name, section]) => `man/${name}.${section}.scd`,
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((page) => !existsSync(join(ROOT, page)))).toEqual([]);
});

test("no line of a man page begins with what scdoc would take for a list", async () => {
  const pages = await Array.fromAsync(new Bun.Glob("man/*.scd").scan(ROOT));
  const wrong = pages.flatMap((page) =>
    read(page)
      .split("\n")
      .flatMap((line, i) => (/^\t*-(?! )/.test(line) ? [`${page}:${i + 1}`] : [])),
  );
  expect([pages.length > 5, wrong]).toEqual([true, []]);
});

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}
