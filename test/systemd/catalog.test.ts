import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MESSAGE_IDS } from "../../src/base/message-id.ts";
import { journalEntry } from "../../src/systemd/journal.ts";

const ROOT = join(import.meta.dir, "../..");
const FILE = join(ROOT, "systemd/vm-power.catalog");
const ENTRIES = readFileSync(FILE, "utf8")
  .split(/^-- /m)
  .slice(1)
  .map((entry) => ({ id: entry.slice(0, 32), head: entry.slice(33).split("\n\n")[0] ?? "", text: entry }));

const SOURCES = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(join(ROOT, "src", name), "utf8"));

test("the catalog explains each kind of line once, and no other", () => {
  expect(ENTRIES.map(({ id }) => id).toSorted()).toEqual(Object.values<string>(MESSAGE_IDS).toSorted());
  for (const { id, head } of ENTRIES)
    expect([id, head]).toEqual([
      id,
      expect.stringMatching(/^Subject: .+\nDefined-By: vm-power\nDocumentation: man:/),
    ]);
});

test("each kind is logged somewhere, with the fields of its explanation", () => {
  const all = SOURCES.join("\n");
  for (const kind of Object.keys(MESSAGE_IDS)) expect(all).toContain(`MESSAGE_IDS.${kind}`);
  const fields = ENTRIES.flatMap(({ text }) =>
    [...text.matchAll(/VMPOWER_([A-Z_]+)/g)].map(([, name]) => name),
  );
  expect(fields.length).toBeGreaterThan(10);
  expect(fields.filter((name) => !new RegExp(`\\b${name}:`).test(all))).toEqual([]);
});

test("MESSAGE_ID has no prefix, our own fields have one", () => {
  const entry = Buffer.from(
    journalEntry("info", "x", { MESSAGE_ID: MESSAGE_IDS.vmGone, VM: "web1" }),
  ).toString();
  expect(entry.split("\n").slice(3)).toEqual([`MESSAGE_ID=${MESSAGE_IDS.vmGone}`, "VMPOWER_VM=web1", ""]);
});

const journalctl = Bun.which("journalctl");
const why = journalctl === null ? " (skipped without journalctl)" : "";
test.skipIf(journalctl === null)(`journalctl accepts the catalog${why}`, () => {
  const root = mkdtempSync(join(tmpdir(), "vm-power-catalog-"));
  mkdirSync(join(root, "usr/lib/systemd/catalog"), { recursive: true });
  mkdirSync(join(root, "var/lib/systemd/catalog"), { recursive: true });
  copyFileSync(FILE, join(root, "usr/lib/systemd/catalog/vm-power.catalog"));
  const run = (...args: string[]) => Bun.spawnSync([journalctl ?? "", `--root=${root}`, ...args]);
  const update = run("--update-catalog");
  expect([update.exitCode, update.stderr.toString()]).toEqual([0, ""]);
  const listed = run("--list-catalog").stdout.toString();
  expect(listed.match(/vm-power/g)?.length).toBeGreaterThanOrEqual(ENTRIES.length);
  rmSync(root, { recursive: true });
});
