import { afterEach, beforeEach, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import { FILE_CALLS, type FileCalls } from "../../src/os/file-calls.ts";
import { writeWhole } from "../../src/os/whole-file.ts";

let directory: string;
let path: string;
const lines: string[] = [];
const line = (text: string) => void lines.push(text);
const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "vm-power-os-"));
  path = join(directory, "file");
  lines.length = 0;
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const write = (text: string, calls?: Partial<FileCalls>) =>
  writeWhole(path, text, { mode: 0o640, log, calls: { ...FILE_CALLS, ...calls } });
const content = () => fs.readFileSync(path, "utf8");

function refuse(code: string): never {
  throw Object.assign(new Error(code), { code });
}

test("writeWhole() writes a file with its mode, whatever the umask, and leaves nothing beside it", () => {
  const umask = process.umask(0o077);
  try {
    expect(write("first")).toEqual({ ok: true, value: undefined });
  } finally {
    process.umask(umask);
  }
  expect([content(), fs.statSync(path).mode & 0o777]).toEqual(["first", 0o640]);
  write("second");
  expect([content(), fs.readdirSync(directory)]).toEqual(["second", ["file"]]);
});

test("writeWhole() syncs all bytes to the disk before the file gets its name", () => {
  const calls: string[] = [];
  const note = <A extends unknown[], T>(name: string, call: (...args: A) => T) => {
    return (...args: A): T => {
      calls.push(name);
      return call(...args);
    };
  };
  write("whole", {
    openSync: note("open", FILE_CALLS.openSync),
    writeSync: note("write", FILE_CALLS.writeSync),
    fsyncSync: note("fsync", FILE_CALLS.fsyncSync),
    closeSync: note("close", FILE_CALLS.closeSync),
    renameSync: note("rename", FILE_CALLS.renameSync),
  });
  expect(calls).toEqual(["open", "write", "fsync", "close", "rename"]);
});

test("writeWhole() goes on after a short write", () => {
  const writeSync: FileCalls["writeSync"] = (fd, bytes, offset, length) =>
    FILE_CALLS.writeSync(fd, bytes, offset, Math.min(length, 3));
  expect(write("0123456789", { writeSync }).ok).toBe(true);
  expect(content()).toBe("0123456789");
});

test.each<[what: string, calls: (code: string) => Partial<FileCalls>]>([
  ["a write", (code) => ({ writeSync: () => refuse(code) })],
  [
    "a write after a short one",
    (code) => ({
      writeSync: (fd, bytes, offset) =>
        offset > 0 ? refuse(code) : FILE_CALLS.writeSync(fd, bytes, offset, 2),
    }),
  ],
  ["fsync", (code) => ({ fsyncSync: () => refuse(code) })],
  ["a rename", (code) => ({ renameSync: () => refuse(code) })],
  ["the opening", (code) => ({ openSync: () => refuse(code) })],
])("writeWhole() keeps the old file when %s is refused, and returns the remedy", (_what, calls) => {
  write("the old one");
  expect(write("the new one", calls("ENOSPC"))).toEqual({
    ok: false,
    why: {
      errno: "ENOSPC",
      message: `Cannot write "${path}": no space left on the device; make room in "${directory}"`,
    },
  });
  expect([content(), fs.readdirSync(directory)]).toEqual(["the old one", ["file"]]);
});

test("writeWhole() fails if the disk accepts no byte and gives no error", () => {
  expect(write("text", { writeSync: () => 0 })).toMatchObject({ ok: false, why: { errno: "ENOSPC" } });
});

test("writeWhole() on a disk that is full keeps the old file, and the next write succeeds", async () => {
  // A child whose files may have 8 blocks: the kernel accepts a part of the write, and then refuses.
  const script = `
    import { readFileSync } from "node:fs";
    import { writeWhole } from ${JSON.stringify(join(import.meta.dir, "../../src/os/whole-file.ts"))};
    process.on("SIGXFSZ", () => {});
    const log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };
    const write = (text) => writeWhole(${JSON.stringify(path)}, text, { mode: 0o600, log });
    console.log(JSON.stringify([write("old"), write("x".repeat(100_000))].map(({ why }) => why?.errno)));
    console.log(readFileSync(${JSON.stringify(path)}, "utf8"), write("new").ok);
  `;
  const file = join(directory, "script.ts");
  fs.writeFileSync(file, script);
  const { stdout, stderr } = Bun.spawnSync(["sh", "-c", `ulimit -f 8; exec ${process.execPath} ${file}`]);
  expect([stdout.toString(), stderr.toString()]).toEqual(['[null,"EFBIG"]\nold true\n', ""]);
  expect(content()).toBe("new");
});

test("writeWhole() follows no link, neither a planted temporary name nor the file's own", () => {
  const precious = join(directory, "precious");
  fs.writeFileSync(precious, "precious");
  fs.symlinkSync(precious, `${path}.new`);
  fs.symlinkSync(precious, path);
  expect(write("ours").ok).toBe(true);
  expect([fs.readFileSync(precious, "utf8"), content(), fs.lstatSync(path).isFile()]).toEqual([
    "precious",
    "ours",
    true,
  ]);
});

test("writeWhole() moves directories in its way aside, and logs their new names", () => {
  fs.mkdirSync(join(`${path}.new`, "planted"), { recursive: true });
  fs.mkdirSync(join(path, "planted"), { recursive: true });
  expect(write("ours").ok).toBe(true);
  expect([content(), fs.readdirSync(directory).sort()]).toEqual([
    "ours",
    ["file", "file.bad", "file.new.bad"],
  ]);
  expect(lines).toEqual([
    `"${path}.new" is in the way of vm-power (an unfinished file belongs there): it was moved to "${path}.new.bad"`,
    `"${path}" is in the way of vm-power (it is a directory): it was moved to "${path}.bad"`,
  ]);
  // Again: an earlier moved file is not replaced.
  fs.rmSync(path);
  fs.mkdirSync(path);
  write("ours again");
  expect([content(), fs.existsSync(join(`${path}.bad`, "planted")), fs.existsSync(`${path}.bad-2`)]).toEqual([
    "ours again",
    true,
    true,
  ]);
});

test.each<[what: string, plant: (at: string) => void]>([
  ["is missing", () => {}],
  ["is a file", (at) => fs.writeFileSync(at, "planted")],
  ["is a link that leads nowhere", (at) => fs.symlinkSync("/nowhere", at)],
])("writeWhole() makes the directory that %s", (_what, plant) => {
  const made = join(directory, "made");
  plant(made);
  const options = { mode: 0o600, directoryMode: 0o700, log };
  expect(writeWhole(join(made, "file"), "ours", options).ok).toBe(true);
  expect([fs.readFileSync(join(made, "file"), "utf8"), fs.statSync(made).mode & 0o777]).toEqual([
    "ours",
    0o700,
  ]);
});

test("writeWhole() creates no directory unless it is told to", () => {
  path = join(directory, "missing/file");
  expect(write("text")).toMatchObject({ ok: false, why: { errno: "ENOENT" } });
});
