import { expect, test } from "bun:test";
import { join } from "node:path";

const MEMORY = join(import.meta.dir, "../../src/os/memory.ts");

/** Reads from `/proc/PID/status` (proc(5)) what a process of its own has, before and after it gives pages back. */
const PROGRAM = `
import { givePagesBack, shrink } from ${JSON.stringify(MEMORY)};
import { readFileSync } from "node:fs";
const filePages = () => Number(/^RssFile:\\s+(\\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
// Also those that only this uses are there before.
givePagesBack();
JSON.stringify(Array.from({ length: 100 }, (_, i) => new Intl.NumberFormat("de").format(i)));
const before = filePages();
givePagesBack();
const after = filePages();
shrink();
await Bun.sleep(100);
const sum = Array.from({ length: 1000 }, (_, i) => i).reduce((a, b) => a + b);
console.log(JSON.stringify({ before, after, sum }));
`;

test("pages of the executable are given back, and the program goes on", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "-e", PROGRAM]);
  expect({ exitCode, errors: stderr.toString() }).toEqual({ exitCode: 0, errors: "" });
  const { before, after, sum } = JSON.parse(stdout.toString());
  expect(sum).toBe(499_500);
  expect(after).toBeLessThan(before / 2);
});
