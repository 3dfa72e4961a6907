import { afterAll, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openInRoot } from "../../src/os/open-in-root.ts";

const root = fs.mkdtempSync(join(tmpdir(), "vm-power-root-"));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** The inode that a path leads to below the root, or why it leads nowhere. */
function found(path: string): number | string {
  const opened = openInRoot(root, path);
  if (!opened.ok) return opened.why;
  const { ino } = fs.fstatSync(opened.value);
  fs.closeSync(opened.value);
  return ino;
}

test("openInRoot() finds files as a process with that root does: neither .. nor a link leads out", () => {
  fs.mkdirSync(`${root}/etc`);
  fs.writeFileSync(`${root}/etc/passwd`, "theirs");
  fs.writeFileSync(`${root}/etc/own`, "");
  fs.symlinkSync("/etc", `${root}/absolute`);
  fs.symlinkSync("../../../../../../etc", `${root}/relative`);
  fs.symlinkSync("/proc/self/root", `${root}/magic`);
  fs.symlinkSync("/etc/passwd", `${root}/last`);
  const { ino } = fs.statSync(`${root}/etc/passwd`);
  expect(found("/etc/passwd")).toBe(ino);
  expect(found("/../../../../etc/passwd")).toBe(ino);
  expect(found("/absolute/passwd")).toBe(ino);
  expect(found("/relative/passwd")).toBe(ino);
  expect(found("/absolute/group")).toBe("ENOENT");
  expect(found("/magic/etc/passwd")).toBe("ENOENT");
  expect(found("/last")).toBe(fs.lstatSync(`${root}/last`).ino);
  fs.symlinkSync("/loop/x", `${root}/loop`);
  expect(found("/loop/x")).toBe("ELOOP");
  expect(found("/etc/own/x")).toBe("ENOTDIR");
  expect(found("/")).toBe(fs.statSync(root).ino);
  expect(openInRoot(`${root}/none`, "/etc")).toEqual({ ok: false, why: "ENOENT" });
});

test("openInRoot() leaves no descriptor open but the one that it returns", () => {
  const open = () => fs.readdirSync("/proc/self/fd").length;
  const before = open();
  for (const path of ["/etc/passwd", "/absolute/passwd", "/none", "/loop/x", "/../etc", "/last"]) found(path);
  expect(open()).toBe(before);
});
