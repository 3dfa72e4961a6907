import { expect, test } from "bun:test";
import type { Setting } from "../../src/base/clock.ts";
import { restoreJournal, restoreWith } from "../../src/cpufreq/linux/open.ts";
import type { TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { ACPI_KHZ, type TestHost, testHost, watchedDisk } from "./test-host.ts";

const GROUPS: readonly TreeCpus[] = [
  {
    cpus: [0],
    driver: "acpi-cpufreq",
    khz: ACPI_KHZ,
    governor: "userspace",
    files: { scaling_setspeed: "1700000" },
  },
  { cpus: [1], driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 },
  { cpus: [4, 5], siblings: true, driver: "cppc_cpufreq", khz: [3000000, 800000], baseKhz: 2600000 },
];

class Crash extends Error {}

/** A disk that works for a number of changes; then the process dies. */
function crashingDisk(root: string, changes: number) {
  let left = changes;
  return watchedDisk(root, () => {
    if (left-- === 0) throw new Crash();
    return undefined;
  });
}

function crashes(work: () => void): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

/** A typical sequence of changes, on every clock. */
function live(host: TestHost, changes: number): void {
  const cpufreq = host.open({}, crashingDisk(host.root, changes));
  const day: Setting[] = [1, 3, 0, "baseline", 2];
  for (const setting of day) for (const clock of [0, 1, 4]) cpufreq.apply({ clock, setting });
  cpufreq.close();
}

/** Tries every point at which the process can be killed; returns their number. */
function atEveryCrash(check: (host: TestHost, before: Record<string, string>) => void): number {
  for (let changes = 0; ; changes++) {
    using host = testHost(GROUPS);
    const before = host.snapshot();
    if (!crashes(() => live(host, changes))) return changes;
    check(host, before);
  }
}

test("After a kill before any change of a file, restoreJournal() restores every byte", () => {
  const points = atEveryCrash((host, before) => {
    expect(restoreJournal(host).failed).toEqual([]);
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  });
  // The test needs many points: two journals and many writes for each of four cpufreq policies.
  expect(points).toBeGreaterThan(60);
});

test("After a kill before any change of a file, the next start restores every byte", () => {
  atEveryCrash((host, before) => {
    const cpufreq = host.open();
    expect(host.snapshot()).toEqual(before);
    expect(cpufreq.close()).toEqual([]);
  });
});

test("restoreJournal() can be killed at any point and run again", () => {
  for (let changes = 0; ; changes++) {
    using host = testHost(GROUPS);
    const before = host.snapshot();
    expect(crashes(() => live(host, 20))).toBe(true);
    const killed = crashes(() => restoreWith(crashingDisk(host.root, changes), host));
    restoreJournal(host);
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
    if (!killed) break;
  }
});

test("After SIGKILL the journal is sufficient to restore every byte", async () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  for (const lifeMs of [0, 1, 3, 7]) {
    const child = Bun.spawn(
      [process.execPath, `${import.meta.dir}/restless-daemon.ts`, host.root, host.journalDirectory],
      {
        stdout: "pipe",
      },
    );
    // It prints a line when it has begun.
    await child.stdout.getReader().read();
    await Bun.sleep(lifeMs);
    child.kill("SIGKILL");
    await child.exited;
    restoreJournal(host);
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  }
});
