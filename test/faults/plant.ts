import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAULTS, type Fault } from "./faults.ts";

// Takes out one line after the other that holds a promise of SECURITY.md, in a copy of the sources, and looks whether the
// test that the promise names fails. `make faults`; with words behind it, only the promises that contain one of them.

const ROOT = join(import.meta.dir, "../..");
const COPIED = ["src", "test", "etc", "man", "systemd", "packaging", "package.json", "tsconfig.json"];
const COPIED_FILES = ["Makefile", "bun.lock", "bunfig.toml", "README.md", "SECURITY.md", "ARCHITECTURE.md"];

/** What came of one fault: undefined where its test caught it. */
function plant(copy: string, fault: Fault): string | undefined {
  const path = join(copy, fault.file);
  const text = readFileSync(path, "utf8");
  if (text.split(fault.line).length !== 2) return `"${fault.file}" does not hold the line exactly once`;
  writeFileSync(
    path,
    text.replace(fault.line, () => fault.instead),
  );
  try {
    return runTest(copy, fault);
  } finally {
    writeFileSync(path, text);
  }
}

function runTest(copy: string, { test, name, builds }: Fault): string | undefined {
  if (builds === true) {
    const { exitCode, stderr } = Bun.spawnSync(["make", "build"], { cwd: copy });
    if (exitCode !== 0) return `the fault does not build: ${stderr}`;
  }
  const pattern = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const command = [process.execPath, "test", "--timeout", "30000", test, "-t", pattern];
  const { exitCode, stderr } = Bun.spawnSync(command, { cwd: copy, stdout: "ignore" });
  const report = stderr.toString();
  if (!/^ *\d+ (pass|fail)$/m.test(report)) return `"${test}" has no test "${name}"`;
  return exitCode === 0 ? `"${name}" stays green` : undefined;
}

function makeCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), "vm-power-faults-"));
  for (const name of [...COPIED, ...COPIED_FILES])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  for (const name of ["node_modules", ".tools"]) {
    try {
      symlinkSync(join(ROOT, name), join(copy, name));
    } catch {
      // A host with a bun of its own has no .tools.
    }
  }
  return copy;
}

const words = process.argv.slice(2);
const chosen = FAULTS.filter(
  ({ promise }) => words.length === 0 || words.some((word) => promise.includes(word)),
);
const copy = makeCopy();
let missed = 0;
try {
  if (chosen.some(({ builds }) => builds)) Bun.spawnSync(["make", "build"], { cwd: copy });
  for (const fault of chosen) {
    const problem = plant(copy, fault);
    if (problem !== undefined) missed++;
    process.stdout.write(
      `${problem === undefined ? "caught" : "MISSED"}  ${fault.promise}${problem === undefined ? "" : `: ${problem}`}\n`,
    );
  }
} finally {
  rmSync(copy, { recursive: true });
}
process.stdout.write(`\n${chosen.length - missed} passed, ${missed} failed\n`);
process.exitCode = missed === 0 ? 0 : 1;
