import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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

test("of libvirt's files the daemon sees those below the directory of sockets, and no other", () => {
  expect(setting("TemporaryFileSystem")).toBe("/var/lib/libvirt:ro,mode=755");
  expect(TEXT.match(/^Bind.*$/gm)).toEqual(["BindReadOnlyPaths=-/var/lib/libvirt/qemu/channel"]);
});

describe("vm-power-xen-generator", () => {
  const GENERATOR = join(import.meta.dir, "../../systemd/vm-power-xen-generator");

  /** The drop-in that it writes on a host with these features of Xen; undefined if it writes none. */
  function dropIn(features: string | undefined): string | undefined {
    const directory = mkdtempSync(join(tmpdir(), "vm-power-generator-"));
    try {
      mkdirSync(`${directory}/hypervisor/properties`, { recursive: true });
      if (features !== undefined) writeFileSync(`${directory}/hypervisor/properties/features`, features);
      const run = Bun.spawnSync([GENERATOR, `${directory}/out`], {
        env: { ...process.env, SYSFS: directory },
      });
      expect([run.exitCode, `${run.stderr}`]).toEqual([0, ""]);
      const file = `${directory}/out/vm-power.service.d/10-xen.conf`;
      return existsSync(file) ? readFileSync(file, "utf8") : undefined;
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  test("opens the two devices of hypercalls in dom0, and nothing anywhere else", () => {
    expect([undefined, "00000705\n", "00000000"].map(dropIn)).toEqual([undefined, undefined, undefined]);
    expect(
      dropIn("00002f05")
        ?.split("\n")
        .filter((line) => line.includes("/dev/")),
    ).toEqual([
      "BindPaths=/dev/xen/privcmd /dev/xen/hypercall",
      "DeviceAllow=/dev/xen/privcmd rw",
      "DeviceAllow=/dev/xen/hypercall rw",
    ]);
  });
});

/** What systemd-analyze says of the unit with these drop-ins of the examples. */
function exposureWith(dropIns: readonly string[], unit = TEXT): number {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-unit-"));
  const texts = dropIns.map((name) =>
    readFileSync(join(import.meta.dir, "../../packaging/examples", name), "utf8"),
  );
  const file = `${directory}/vm-power.service`;
  writeFileSync(file, [unit, ...texts].join("\n"));
  const { stdout } = Bun.spawnSync([ANALYZE ?? "", "security", "--offline=true", "--no-pager", file]);
  rmSync(directory, { recursive: true });
  return Number(/Overall exposure level.*: ([\d.]+) /.exec(stdout.toString())?.[1]);
}

test.skipIf(ANALYZE === null)(
  "systemd-analyze rates the unit as safe (skipped without systemd-analyze)",
  () => {
    expect(exposureWith([])).toBeLessThanOrEqual(1.1);
  },
);

test.skipIf(ANALYZE === null)(
  "systemd-analyze rates the unit of the helper as safe (skipped without systemd-analyze)",
  () => {
    const helper = readFileSync(join(import.meta.dir, "../../systemd/vm-power-attach.service"), "utf8");
    expect(exposureWith([], helper)).toBeLessThanOrEqual(0.4);
  },
);

test.skipIf(ANALYZE === null)(
  "systemd-analyze rates the drop-ins for QEMU as it is written in SECURITY.md (skipped without systemd-analyze)",
  () => {
    expect(exposureWith(["qemu.conf"])).toBeLessThanOrEqual(1.3);
    expect(exposureWith(["qemu.conf", "qemu-containers.conf"])).toBeLessThanOrEqual(1.6);
  },
);
