import { expect, test } from "bun:test";
import { join } from "node:path";

const MEMORY = join(import.meta.dir, "../../src/os/memory.ts");
const LIBC = join(import.meta.dir, "../../src/os/libc.ts");

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

/** Puts memory of its own where a file was mapped when pages were given back, and fills it. */
const REPLACED = `
import { toArrayBuffer } from "bun:ffi";
import { openSync } from "node:fs";
import { libc } from ${JSON.stringify(LIBC)};
import { givePagesBack } from ${JSON.stringify(MEMORY)};
const SIZE = 65_536, READ = 1, WRITE = 2, PRIVATE = 2, FIXED = 16, ANONYMOUS = 32;
const at = libc().mmap(null, SIZE, READ, PRIVATE, openSync(process.execPath, "r"), 0);
givePagesBack();
libc().mmap(at, SIZE, READ | WRITE, PRIVATE | ANONYMOUS | FIXED, -1, 0);
const bytes = new Uint8Array(toArrayBuffer(at, 0, SIZE)).fill(7);
givePagesBack();
console.log(bytes.every((byte) => byte === 7));
`;

test("memory that took the place of a mapping keeps its content", () => {
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", REPLACED]);
  expect({ kept: stdout.toString(), errors: stderr.toString() }).toEqual({ kept: "true\n", errors: "" });
});
