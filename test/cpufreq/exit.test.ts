import { expect, test } from "bun:test";
import fs from "node:fs";
import { restoreJournal } from "../../src/cpufreq/linux/open.ts";
import { ACPI_KHZ, testHost, watchedDisk } from "./test-host.ts";

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;
const intel = { driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 } as const;
const GROUPS = [
  { cpus: [0], ...acpi },
  { cpus: [1], ...intel },
];

test("keep leaves the settings, and marks them in the journal", () => {
  using host = testHost(GROUPS);
  const cpufreq = host.open({ onExit: "keep" });
  for (const clock of [0, 1]) cpufreq.apply({ clock, setting: 2 });
  const held = host.snapshot();
  expect(cpufreq.close()).toEqual([]);
  const report = restoreJournal(host);
  expect({ tree: host.snapshot(), report }).toEqual({
    tree: held,
    report: { restored: [], kept: ["cpufreq/policy0", "cpufreq/policy1"], failed: [] },
  });
});

test("restoreJournal() restores kept settings if asked to", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const cpufreq = host.open({ onExit: "keep" });
  for (const clock of [0, 1]) cpufreq.apply({ clock, setting: 2 });
  cpufreq.close();
  expect(restoreJournal({ ...host, kept: true })).toEqual({
    restored: ["cpufreq/policy0", "cpufreq/policy1"],
    kept: [],
    failed: [],
  });
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("max sets changed clocks to the highest speed, and no others", () => {
  using host = testHost([...GROUPS, { cpus: [2], ...acpi }]);
  const before = host.snapshot();
  const cpufreq = host.open({ onExit: "max" });
  for (const clock of [0, 1]) cpufreq.apply({ clock, setting: 2 });
  expect(cpufreq.close()).toEqual([]);
  expect(host.snapshot()).toEqual({
    ...before,
    "/cpufreq/policy0/scaling_governor": "userspace",
    "/cpufreq/policy0/scaling_setspeed": "2301000",
    "/cpufreq/policy1/scaling_governor": "performance",
    "/cpufreq/policy1/scaling_min_freq": "3500000",
    "/cpufreq/policy1/scaling_max_freq": "3500000",
  });
  expect(restoreJournal(host).kept).toEqual(["cpufreq/policy0", "cpufreq/policy1"]);
});

test("The next daemon uses the saved settings as the originals", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const first = host.open({ onExit: "keep" });
  for (const clock of [0, 1]) first.apply({ clock, setting: 2 });
  first.close();
  const held = host.snapshot();
  const second = host.open({ onExit: "keep" });
  expect(second.clocks().map(({ baselineKhz }) => baselineKhz)).toEqual([2301000, 3500000]);
  expect(host.snapshot()).toEqual(held);
  second.apply({ clock: 1, setting: "baseline" });
  second.close();
  expect(host.journal()).toEqual(["policy0.json"]);
  expect(host.open({ onExit: "restore" }).close()).toEqual([]);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("Kept settings that were changed again are not kept when the daemon crashes", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  const first = host.open({ onExit: "keep" });
  first.apply({ clock: 0, setting: 2 });
  first.close();
  host.open({ onExit: "keep" }).apply({ clock: 0, setting: 3 });
  // No close(): it crashed.
  expect(restoreJournal(host)).toEqual({ restored: ["cpufreq/policy0"], kept: [], failed: [] });
  expect(host.snapshot()).toEqual(before);
});

test("close() returns the settings that it could not restore, and they stay in the journal", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  let refuse = false;
  const disk = watchedDisk(host.root, ({ kind, file }) => {
    return refuse && kind === "write" && file === "policy1/scaling_max_freq" ? "EACCES" : undefined;
  });
  const cpufreq = host.open({}, disk);
  for (const clock of [0, 1]) cpufreq.apply({ clock, setting: 2 });
  refuse = true;
  expect(cpufreq.close()).toEqual([{ reason: "cpu1/cpufreq/scaling_max_freq: EACCES" }]);
  expect(host.journal()).toEqual(["policy1.json"]);
  expect(restoreJournal(host).restored).toEqual(["cpufreq/policy1"]);
  expect(host.snapshot()).toEqual(before);
});

test("A baseline that was refused is tried again", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  let refuse = false;
  const disk = watchedDisk(host.root, ({ kind }) => (refuse && kind === "write" ? "EBUSY" : undefined));
  const cpufreq = host.open({}, disk);
  cpufreq.apply({ clock: 1, setting: 2 });
  refuse = true;
  expect(cpufreq.apply({ clock: 1, setting: "baseline" })).toEqual({
    reason: "cpu1/cpufreq/scaling_governor: EBUSY",
  });
  cpufreq.refresh();
  refuse = false;
  cpufreq.refresh();
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  cpufreq.close();
});

test("What an earlier daemon left and the kernel refused to restore at the start is restored later", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  let refuse = false;
  const disk = watchedDisk(host.root, ({ kind }) => (refuse && kind === "write" ? "EBUSY" : undefined));
  host.open().apply({ clock: 1, setting: 2 });
  refuse = true;
  const cpufreq = host.open({}, disk);
  cpufreq.refresh();
  expect(host.journal()).toEqual(["policy1.json"]);
  refuse = false;
  cpufreq.refresh();
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  cpufreq.close();
});

test("A baseline that is refused again and again is tried less and less often", () => {
  using host = testHost(GROUPS);
  let [refuse, tries] = [false, 0];
  const disk = watchedDisk(host.root, ({ kind }) => {
    if (!refuse || kind !== "write") return undefined;
    tries++;
    return "EBUSY";
  });
  const cpufreq = host.open({}, disk);
  cpufreq.apply({ clock: 1, setting: 2 });
  refuse = true;
  cpufreq.apply({ clock: 1, setting: "baseline" });
  const at: number[] = [];
  for (let look = 1; look <= 256; look++) {
    tries = 0;
    cpufreq.refresh();
    if (tries > 0) at.push(look);
  }
  expect(at).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 192, 256]);
  refuse = false;
  expect(cpufreq.close()).toEqual([]);
});

test("Nothing is changed that cannot be saved first", () => {
  using host = testHost(GROUPS);
  const before = host.snapshot();
  for (const kind of ["create", "rename"]) {
    const cpufreq = host.open(
      {},
      watchedDisk(host.root, (change) => (change.kind === kind ? "ENOSPC" : undefined)),
    );
    expect(cpufreq.apply({ clock: 0, setting: 1 })).toEqual({
      reason: `restore journal in "${host.journalDirectory}": ENOSPC`,
    });
    cpufreq.close();
  }
  expect(host.snapshot()).toEqual(before);
});

test("Nothing is changed if the original settings are not valid", () => {
  using host = testHost(GROUPS);
  host.tree.write(0, "scaling_governor", "not a governor");
  host.tree.write(1, "scaling_min_freq", "none");
  const before = host.snapshot();
  const cpufreq = host.open();
  expect([0, 1].map((clock) => cpufreq.apply({ clock, setting: 1 }))).toEqual([
    { reason: "cpu0/cpufreq/scaling_governor: no valid content that could be restored" },
    { reason: "cpu1/cpufreq/scaling_min_freq: no valid content that could be restored" },
  ]);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  cpufreq.close();
});

test("An energy preference that the governor changed is restored", () => {
  using host = testHost([{ cpus: [1], ...intel }]);
  const before = host.snapshot();
  const cpufreq = host.open();
  cpufreq.apply({ clock: 1, setting: 1 });
  host.tree.write(1, "energy_performance_preference", "performance");
  cpufreq.close();
  expect(host.snapshot()).toEqual(before);
});

test("Restoring writes only files that differ: the kernel refuses a preference under performance", () => {
  using host = testHost([{ cpus: [1], ...intel, governor: "performance" }]);
  const written: string[] = [];
  const disk = watchedDisk(host.root, ({ kind, file }) => {
    if (kind === "write") written.push(file.replace("policy1/", ""));
    return undefined;
  });
  const cpufreq = host.open({}, disk);
  cpufreq.apply({ clock: 1, setting: 1 });
  written.length = 0;
  cpufreq.apply({ clock: 1, setting: "baseline" });
  expect(written).toEqual(["scaling_max_freq", "scaling_min_freq"]);
  cpufreq.close();
});

test("Changes of other files by other programs stay", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 1 });
  host.tree.write(0, "scaling_max_freq", "2000000");
  cpufreq.close();
  expect(host.tree.read(0, "scaling_max_freq")).toBe("2000000");
});

test("close() closes all files", () => {
  using host = testHost(GROUPS);
  const before = openFiles();
  const cpufreq = host.open();
  for (const clock of [0, 1]) cpufreq.apply({ clock, setting: 2 });
  // Two for setspeed, three for min and max, governors included.
  expect(openFiles() - before).toBe(5);
  cpufreq.apply({ clock: 1, setting: "baseline" });
  expect(openFiles() - before).toBe(2);
  cpufreq.close();
  restoreJournal(host);
  expect(openFiles() - before).toBe(0);
});

function openFiles(): number {
  return fs.readdirSync("/proc/self/fd").length;
}
