import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "../../src/admin/limits.ts";
import { CHANNELS_MAX } from "../../src/daemon/edges.ts";
import { EXIT_CONFIG } from "../../src/daemon/exit-code.ts";

const UNIT = join(import.meta.dir, "../../systemd/vm-power.service");
const TEXT = readFileSync(UNIT, "utf8");
const ANALYZE = Bun.which("systemd-analyze");

/** Hosts have fewer CPUs, and a CPU fewer files that are kept open. */
const CPUS = 2048;
const FILES_PER_CPU = 4;

function setting(name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, "m").exec(TEXT)?.[1];
}

test("the unit allows as many open files as the daemon's own limits need", () => {
  const clients = LIMITS.clients + LIMITS.refusedClients;
  expect(Number(setting("LimitNOFILE"))).toBeGreaterThan(CHANNELS_MAX + CPUS * FILES_PER_CPU + 2 * clients);
});

test("the daemon is not restarted with a wrong configuration", () => {
  expect(Number(setting("RestartPreventExitStatus"))).toBe(EXIT_CONFIG);
});

test("each relaxed setting has a comment with the reason (S11)", () => {
  const relaxed = [
    "AmbientCapabilities",
    "PrivateTmp",
    "RestrictAddressFamilies",
    "PrivateUsers",
    "MemoryDenyWriteExecute",
    "RestrictRealtime",
  ];
  for (const name of relaxed)
    expect(TEXT).toMatch(new RegExp(`^# Relaxed[^\\n]*\\n(#[^\\n]*\\n)*${name}=`, "m"));
});

test.skipIf(ANALYZE === null)(
  "systemd-analyze rates the unit as safe (skipped without systemd-analyze)",
  () => {
    const { stdout } = Bun.spawnSync([ANALYZE ?? "", "security", "--offline=true", "--no-pager", UNIT]);
    const [, exposure] = /Overall exposure level.*: ([\d.]+) /.exec(stdout.toString()) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(1.1);
  },
);
