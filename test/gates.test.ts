import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

// Each check of "make check" that a tool's rule does, with a fault that it must catch.

const ROOT = join(import.meta.dir, "..");

let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "vm-power-gates-"));
  for (const file of ["biome.json", "tsconfig.json", "tsconfig.pure.json", "knip.json", "package.json"])
    cpSync(join(ROOT, file), join(project, file));
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
});
afterAll(() => rmSync(project, { recursive: true }));

/** Writes sources and runs a tool on them; returns its output. */
function check(files: Readonly<Record<string, string>>, ...command: readonly string[]): string {
  rmSync(join(project, "src"), { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
  const [tool = "", ...args] = command;
  const { stdout, stderr } = Bun.spawnSync([join(ROOT, "node_modules/.bin", tool), ...args], {
    cwd: project,
  });
  return `${stdout}${stderr}`;
}

const lint = (files: Readonly<Record<string, string>>) => check(files, "biome", "check", "src");

test("a function that is too long", () => {
  const body = Array.from({ length: 250 }, (_, i) => `  console.log(${i});\n`).join("");
  expect(lint({ "src/x.ts": `export function long(): void {\n${body}}\n` })).toContain(
    "noExcessiveLinesPerFunction",
  );
});

test("a circle of imports inside a folder", () => {
  const files = {
    "src/daemon/a.ts": 'import { b } from "./b.ts";\n\nexport const a = (): number => b();\n',
    "src/daemon/b.ts": 'import { a } from "./a.ts";\n\nexport const b = (): number => a();\n',
  };
  expect(lint(files)).toContain("noImportCycles");
});

test("a circle of types", () => {
  const files = {
    "src/daemon/a.ts": 'import type { B } from "./b.ts";\n\nexport interface A {\n  readonly b: B;\n}\n',
    "src/daemon/b.ts": 'import type { A } from "./a.ts";\n\nexport interface B {\n  readonly a: A;\n}\n',
  };
  expect(lint(files)).toContain("noImportCycles");
});

test("a promise that nobody awaits", () => {
  const text = "async function work(): Promise<void> {}\n\nexport function start(): void {\n  work();\n}\n";
  expect(lint({ "src/x.ts": text })).toContain("noFloatingPromises");
});

test("a switch that forgets a case", () => {
  const text = `type Kind = "a" | "b";

export function show(kind: Kind): void {
  switch (kind) {
    case "a":
      console.log("a");
  }
}
`;
  expect(lint({ "src/x.ts": text })).toContain("useExhaustiveSwitchCases");
});

test.each(["setTimeout(() => {}, 1)", "console.log(1)", "process.exit(1)", "Bun.sleep(1)", "fetch('x')"])(
  "%s in a pure floor: it has no such type",
  (statement) => {
    const files = { "src/arbiter/x.ts": `${statement};\nexport {};\n`, "src/base/y.ts": "export {};\n" };
    expect(check(files, "tsc", "--noEmit", "-p", "tsconfig.pure.json")).toMatch(
      /src\/arbiter\/x\.ts.*error TS2(304|580|584|591|868)/,
    );
  },
);

test("an exported type that nobody uses", () => {
  const files = {
    "src/main.ts": 'import { a } from "./a.ts";\n\nconsole.log(a);\n',
    "src/a.ts": "export interface Unused {\n  readonly a: number;\n}\n\nexport const a = 1;\n",
  };
  expect(check(files, "knip")).toContain("Unused");
});
