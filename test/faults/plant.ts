import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fault } from "./fault.ts";
import { FAULTS } from "./faults.ts";

// Removes each line that holds a promise of SECURITY.md, one after the other, in a copy of the sources, and checks that
// the named test fails. `make faults`; QUICK=1 leaves out those whose test runs the built executable; with arguments, only
// promises that contain one of them.

const ROOT = join(import.meta.dir, "../..");
const COPIED = ["src", "test", "etc", "man", "systemd", "packaging", "package.json", "tsconfig.json"];
const COPIED_FILES = [
  "Makefile",
  "bun.lock",
  "bunfig.toml",
  "LICENSE",
  "README.md",
  "SECURITY.md",
  "ARCHITECTURE.md",
];

/** The result for one fault, with the reason unless it was caught. */
interface Outcome {
  readonly kind: "caught" | "MISSED" | "skipped:";
  readonly why?: string;
}

function plant(copy: string, fault: Fault): Outcome {
  const path = join(copy, fault.file);
  const text = readFileSync(path, "utf8");
  if (text.split(fault.line).length !== 2)
    return missed(`"${fault.file}" does not hold the line exactly once`);
  writeFileSync(
    path,
    text.replace(fault.line, () => fault.instead),
  );
  try {
    return judge(copy, fault);
  } finally {
    writeFileSync(path, text);
  }
}

/** A fault counts as caught only if the named test failed, not if a file did not load or another test failed. */
function judge(copy: string, fault: Fault): Outcome {
  const { test, name, builds } = fault;
  if (builds === true) {
    const { exitCode, stderr } = Bun.spawnSync(["make", "build"], { cwd: copy });
    if (exitCode !== 0) return missed(`the fault does not build: ${stderr}`);
  }
  const { result, report } = runTest(copy, fault);
  if (result === "fail") return { kind: "caught" };
  if (result === "pass") return missed(`"${name}" stays green`);
  return missed(`"${test}" ran no test "${name}":\n${report}`);
}

/** A test that fails, or does not run, without the fault proves nothing. */
function judgeWithoutFault(copy: string, fault: Fault): Outcome | undefined {
  const { result, report } = runTest(copy, fault);
  if (result === "pass") return undefined;
  if (result === "skip") return { kind: "skipped:", why: `"${fault.name}" does not run here` };
  return missed(`"${fault.name}" does not pass without the fault:\n${report}`);
}

function missed(why: string): Outcome {
  return { kind: "MISSED", why };
}

/** The result of the named test, and the lines about tests and errors. */
function runTest(copy: string, { test, name }: Fault): { result?: "fail" | "pass" | "skip"; report: string } {
  const pattern = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const command = [process.execPath, "test", "--timeout", "30000", test, "-t", pattern];
  const report = Bun.spawnSync(command, { cwd: copy, stdout: "ignore" }).stderr.toString();
  const told = report.split("\n").filter((line) => line.includes(name));
  const results = ["fail", "pass", "skip"] as const;
  const result = results.find((each) => told.some((line) => line.startsWith(`(${each})`)));
  return result === undefined ? { report } : { result, report };
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
const isQuick = (process.env["QUICK"] ?? "") !== "";
const chosen = FAULTS.filter(
  ({ promise, builds }) =>
    (words.length === 0 || words.some((word) => promise.includes(word))) && !(isQuick && builds === true),
);
const copy = makeCopy();
const kinds: Outcome["kind"][] = [];
try {
  if (chosen.some(({ builds }) => builds === true)) Bun.spawnSync(["make", "build"], { cwd: copy });
  // Everything is built before the first fault, while the sources have none.
  const unfit = chosen.map((fault) => judgeWithoutFault(copy, fault));
  for (const [index, fault] of chosen.entries()) {
    const { kind, why } = unfit[index] ?? plant(copy, fault);
    kinds.push(kind);
    process.stdout.write(`${kind.padEnd(8)} ${fault.promise}${why === undefined ? "" : `: ${why}`}\n`);
  }
} finally {
  rmSync(copy, { recursive: true });
}
const failed = kinds.filter((kind) => kind === "MISSED").length;
process.stdout.write(`\n${kinds.filter((kind) => kind === "caught").length} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
