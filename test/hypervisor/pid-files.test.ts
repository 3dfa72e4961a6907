import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PidFiles } from "../../src/hypervisor/libvirt/pid-files.ts";

const directory = mkdtempSync(join(tmpdir(), "vm-power-pids-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
const file = (name: string) => join(directory, `${name}.pid`);
const pids = new PidFiles(directory);

test("PidFiles reads the process of a domain as libvirt writes it, with or without a line break", () => {
  writeFileSync(file("web1"), "4711");
  writeFileSync(file("web 2.x"), "4194304\n");
  expect([pids.read("web1"), pids.read("web 2.x")]).toEqual([
    { ok: true, value: 4711 },
    { ok: true, value: 4_194_304 },
  ]);
});

test.each(["", "\n", "0", "-1", "1x", "4711 4712", "4194305", "0x10", "١"])(
  "PidFiles takes no %j for a process",
  (text) => {
    writeFileSync(file("wrong"), text);
    expect(pids.read("wrong")).toEqual({ ok: false, why: `"${file("wrong")}" has no number of a process` });
  },
);

test("PidFiles believes no file that somebody else could have written, is a link or too large, and follows no name", () => {
  writeFileSync(file("open"), "4711");
  chmodSync(file("open"), 0o666);
  symlinkSync(file("web1"), file("link"));
  writeFileSync(file("large"), " ".repeat(17));
  expect(["open", "link", "large", "none", "../web1"].map((name) => pids.read(name))).toEqual([
    { ok: false, why: `"${file("open")}" cannot be used (it is not a file that only this user may write)` },
    { ok: false, why: `"${file("link")}" cannot be used (ELOOP)` },
    { ok: false, why: `"${file("large")}" cannot be used (it is too large)` },
    { ok: false, why: `there is no "${file("none")}"` },
    { ok: false, why: "the name of the domain is no name of a file" },
  ]);
});

test("PidFiles tells operators when a process is not known, and why", () => {
  expect([undefined, "web1", "none"].map((name) => pids.note(name))).toEqual([
    undefined,
    undefined,
    `Any process of QEMU's user can pass for none, because there is no "${file("none")}": ls -l ${directory}`,
  ]);
  expect([new PidFiles(undefined).read("web1"), new PidFiles(undefined).note("web1")]).toEqual([
    undefined,
    undefined,
  ]);
});
