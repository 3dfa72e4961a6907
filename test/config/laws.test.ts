import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { readIni } from "../../src/config/ini.ts";
import { KEYS, VM_KEYS } from "../../src/config/keys.ts";
import { type Loaded, loadConfig } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { SCHEDULE_KEYS } from "../../src/config/schedule/schedule-keys.ts";
import { held } from "./harness.ts";
import { config, write } from "./written-config.ts";

function loadBytes(bytes: string | Uint8Array): { loaded: Loaded; path: string } {
  const dir = mkdtempSync(`${tmpdir()}/vm-power-config-`);
  try {
    const path = `${dir}/c.conf`;
    writeFileSync(path, bytes);
    return { loaded: loadConfig(path), path };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const names = [...Object.values(KEYS), VM_KEYS, SCHEDULE_KEYS].flatMap((keys) => Object.keys(keys));

const fragment = fc.oneof(
  fc.constantFrom(
    ...names,
    "=",
    "\n",
    "\r",
    "[",
    "]",
    "#",
    ";",
    " ",
    "\t",
    "vm ",
    "all",
    "yes",
    "0-3,8",
    "\0",
    "\x1b[",
  ),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "[__proto__]\n",
    "[vm __proto__]\n",
    "99999999999999999999",
  ),
  fc.constantFrom(
    "[daemon]\n",
    "[channels]\n",
    "[cpufreq]\n",
    "[hypervisor]\n",
    "[vm web.1]\n",
    "[schedule s]\n",
  ),
  fc.string({ unit: "binary" }),
);

const text = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(""));

test("loadConfig() never throws, and each problem has the file, a line of it and one printable line of text", () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 200 })), (content) => {
      const { loaded, path } = loadBytes(content);
      const lines = Buffer.from(content).toString("latin1").split("\n").length;
      for (const problem of "problems" in loaded ? loaded.problems : loaded.warnings) {
        expect(problem.file).toBe(path);
        expect(problem.line).toBeWithin(1, lines + 1);
        expect(formatProblem(problem)).toMatch(/^[^\p{Cc}\u2028\u2029]+$/u);
      }
    }),
    { numRuns: 500 },
  );
});

test("readIni() stops after so many problems", () => {
  const { problems } = readIni(Buffer.from("x\n".repeat(10_000)), "f");
  expect(problems.length).toBe(101);
  expect(problems.at(-1)?.message).toBe("Too many problems; the rest of the file was not read");
});

test("loadConfig() reads back every configuration that can be written", () => {
  fc.assert(
    fc.property(config, (written) => {
      const { loaded } = loadBytes(write(written));
      expect("config" in loaded ? held(loaded.config) : loaded.problems.map(formatProblem)).toEqual(written);
    }),
    { numRuns: 200 },
  );
});
