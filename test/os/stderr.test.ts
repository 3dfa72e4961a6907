import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const STDERR = join(import.meta.dir, "../../src/os/stderr.ts");

/** Writes two lines to standard error, then goes on. `before` is done first. */
const program = (before = "") => `
${before}
const { openStderr } = await import(${JSON.stringify(STDERR)});
const write = openStderr();
for (const line of ["one\\n", "two\\n"]) {
  write(line);
  await Bun.sleep(20);
}
console.log("goes on");
`;

const NO_STREAM =
  'Object.defineProperty(process, "stderr", { get() { throw new Error("the stream was loaded"); } });';

test("lines go to a file without the streams of the runtime", () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-stderr-"));
  const file = join(directory, "log");
  try {
    const { stdout } = Bun.spawnSync([process.execPath, "-e", program(NO_STREAM)], {
      stderr: Bun.file(file),
    });
    expect([stdout.toString(), readFileSync(file, "utf8")]).toEqual(["goes on\n", "one\ntwo\n"]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("lines go to a pipe, and to nobody where it is closed or the disk is full", () => {
  const piped = Bun.spawnSync([process.execPath, "-e", program()]);
  expect([piped.stdout.toString(), piped.stderr.toString()]).toEqual(["goes on\n", "one\ntwo\n"]);
  for (const to of ["2> >(exec 0<&-)", "2>/dev/full"]) {
    const { stdout } = Bun.spawnSync(["bash", "-c", `"$0" -e "$1" ${to}`, process.execPath, program()]);
    expect([to, stdout.toString()]).toEqual([to, "goes on\n"]);
  }
});
