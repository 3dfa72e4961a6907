import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { link } from "./machine/link.ts";

const MAIN = join(import.meta.dir, "main.ts");

/** Few worlds that together meet everything. Where a kind or a weight is new, others may be needed. */
const BATCH = { SEED: "90", SEEDS: "9", DAYS: "0.014" };

/** Runs worlds in a process of its own: the errors that the daemon leaves to nobody must be seen, and no other's. */
function run(env: Readonly<Record<string, string>>): { readonly code: number; readonly out: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, MAIN], {
    env: { PATH: process.env["PATH"] ?? "", SHRINK_SECONDS: "0", ...env },
  });
  return { code: exitCode, out: `${stdout}${stderr}` };
}

describe("the daemon in the world", () => {
  test("reaches the runtime only for what the world has", async () => {
    const { modules, code } = await link();
    expect([...modules].sort()).toEqual(["bun:ffi", "fs", "os", "path", "util"]);
    // Every other name of the runtime is a parameter that the world gives or that throws.
    expect(code).not.toMatch(/\bMath\.random\b|\beval\(|\bimport\(|\bimport\.meta\b/);
  });

  test("that reaches for the real clock or for a real file is caught", async () => {
    const line = "const startedAtMs = time().wallMs;";
    const planted = (instead: string) => link({ file: "src/daemon/assemble.ts", line, instead });
    const { modules } = await planted(`${line} require("node:http");`);
    expect([...modules]).toContain("http");
    expect((await planted(`${line} Math.random();`)).code).toMatch(/\bMath\.random\b/);
  });

  test("the same seed gives the same trace, and another seed another one", () => {
    const hashOf = (seed: string) => /hash (\w+)/.exec(run({ SEED: seed, DAYS: "0.002" }).out)?.[1];
    const first = hashOf("5");
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect([hashOf("5"), hashOf("5")]).toEqual([first, first]);
    expect(hashOf("6")).not.toBe(first);
  });

  test("keeps every promise in what once failed and in some worlds, and these meet every kind and every state", () => {
    const { code, out } = run({ ...BATCH, CORPUS: "1", THOROUGH: "1" });
    expect(out).not.toContain("Never struck, or never entered");
    expect(out).toMatch(/\n\d+ passed, 0 failed\n/);
    expect(code).toBe(0);
  }, 120_000);

  test("fails where a kind never struck", () => {
    const { code, out } = run({ SEED: "1", DAYS: "0.001", THOROUGH: "1" });
    expect(out).toContain("Never struck, or never entered: ");
    expect(out).toMatch(/\n1 passed, 0 failed\n/);
    expect(code).toBe(1);
  });
});
