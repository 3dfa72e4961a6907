import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readHandover, saveHandover } from "../../src/daemon/lifecycle/handover.ts";

const NOW = { wallMs: 1_700_000_000_000, bootMs: 5_000_000 };
const log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };

test("a handover of 0.1.0, with the origin of a VM as text, can be read, and 0.1.0 can read ours", () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-handover-"));
  try {
    const old = { name: "web1", run: "u1:7", state: "running", detail: "booted", pins: [[2]] };
    const file = { version: 1, atMs: NOW.wallMs, wants: [], operated: [3], domains: [old] };
    writeFileSync(join(directory, "handover"), JSON.stringify(file), { mode: 0o600 });
    const domain = {
      name: "web1",
      run: "u1:7",
      state: "running",
      origin: "unknown",
      pins: [[2]],
      channels: undefined,
    } as const;
    expect(readHandover(directory, NOW)).toEqual({
      wants: [],
      operated: [3],
      domains: [domain],
      policies: [],
      parked: [],
    });
    const threads = [{ name: "emulator", pcpus: [0, 1] }];
    const channels = new Map([["/run/libvirt/qemu/channel/1-web1/a", 3]]);
    const known = { ...domain, uuid: "u1", origin: "migrated-in", threads, channels, pid: 700 } as const;
    saveHandover(
      { runtimeDirectory: directory, log },
      { wants: [], operated: [], policies: [], parked: [], domains: [known] },
      NOW,
    );
    expect(readHandover(directory, NOW)?.domains).toEqual([known]);
    const { domains } = JSON.parse(readFileSync(join(directory, "handover"), "utf8"));
    expect(domains[0].detail).toBe("migrated from another host");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a handover is valid for a minute of boot time, whatever happens to the wall clock", () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-handover-"));
  try {
    const nothing = { wants: [], operated: [], policies: [], parked: [], domains: [] };
    saveHandover({ runtimeDirectory: directory, log }, nothing, NOW);
    const DAY_MS = 86_400_000;
    const read = (bootMs: number, wallMs: number) => readHandover(directory, { bootMs, wallMs });
    expect([
      read(NOW.bootMs + 60_000, NOW.wallMs + DAY_MS),
      read(NOW.bootMs + 60_000, NOW.wallMs - DAY_MS),
      read(NOW.bootMs + 60_001, NOW.wallMs),
      read(NOW.bootMs - 60_001, NOW.wallMs),
    ]).toEqual([nothing, nothing, undefined, undefined]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
