import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readHandover, saveHandover } from "../../src/daemon/lifecycle/handover.ts";

const NOW_MS = 1_700_000_000_000;
const log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };

test("a handover of 0.1.0, which says in words how a VM came to run, is understood; and 0.1.0 understands ours", () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-handover-"));
  try {
    const old = { name: "web1", run: "u1:7", state: "running", detail: "booted", pins: [[2]] };
    const file = { version: 1, atMs: NOW_MS, wants: [], operated: [3], domains: [old] };
    writeFileSync(join(directory, "handover"), JSON.stringify(file), { mode: 0o600 });
    const domain = {
      name: "web1",
      run: "u1:7",
      state: "running",
      origin: "unknown",
      pins: [[2]],
      channelPaths: undefined,
    } as const;
    expect(readHandover(directory, NOW_MS)).toEqual({ wants: [], operated: [3], domains: [domain] });
    const known = { ...domain, uuid: "u1", origin: "migrated-in" } as const;
    saveHandover({ runtimeDirectory: directory, log }, { wants: [], operated: [], domains: [known] }, NOW_MS);
    expect(readHandover(directory, NOW_MS)?.domains).toEqual([known]);
    const { domains } = JSON.parse(readFileSync(join(directory, "handover"), "utf8"));
    expect(domains[0].detail).toBe("migrated from another host");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
