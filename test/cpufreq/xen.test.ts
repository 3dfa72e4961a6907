import { expect, test } from "bun:test";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setImmediate as turnEnds } from "node:timers/promises";
import type { Drift } from "../../src/cpufreq/cpufreq.ts";
import { openXenCpufreq, restoreXenJournal, type XenCpufreqOptions } from "../../src/cpufreq/xen/open.ts";
import { PlayedXen } from "../xen/played-xen.ts";
import { logInto } from "./test-host.ts";

const KHZ = [2_301_000, 2_300_000, 1_800_000, 1_200_000];
const EBUSY = 16;
const ENODEV = 19;

/** Four CPUs: 0 has a clock of its own, 1 and 2 share a policy, 3 is the SMT sibling of 0. */
function xenHost() {
  const xen = new PlayedXen();
  xen.cores = [0, 1, 2, 0];
  const policy = {
    khz: KHZ,
    governor: "ondemand",
    currentKhz: 1_200_000,
    minKhz: 1_200_000,
    maxKhz: 2_301_000,
  };
  xen.policies = [
    { ...policy, cpus: [0] },
    { ...policy, cpus: [1, 2] },
    { ...policy, cpus: [3] },
  ];
  xen.domains = [{ id: 0, handle: "0".repeat(32), flags: 0, pool: 0, vcpus: [{ online: true, pins: [0] }] }];
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "vm-power-xen-"));
  const lines: string[] = [];
  const drifts: Drift[] = [];
  const log = logInto(lines);
  let changes = 0;
  return {
    xen,
    lines,
    drifts,
    changes: () => changes,
    journal: () =>
      fs.existsSync(`${directory}/journal`) ? fs.readdirSync(`${directory}/journal`).sort() : [],
    open: (options: Partial<XenCpufreqOptions> = {}) =>
      openXenCpufreq(
        {
          managed: "all",
          onExit: "restore",
          onDrift: "reassert",
          journalDirectory: `${directory}/journal`,
          log,
          ...options,
        },
        { clocksChanged: () => changes++, drift: (drift) => drifts.push(drift) },
        xen.open,
      ),
    restore: (kept = false) =>
      restoreXenJournal({ journalDirectory: `${directory}/journal`, log, kept }, xen.open),
    [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true }),
  };
}

const ORIGINAL = ["ondemand 1200000", "ondemand 1200000", "ondemand 1200000"];

function states({ policies }: PlayedXen): string[] {
  return policies.map(({ governor, currentKhz }) => `${governor} ${currentKhz}`);
}

test("openXenCpufreq() lists Xen's policies and SMT siblings as clocks, with the table and its turbo", () => {
  using host = xenHost();
  const clock = {
    driver: "acpi-cpufreq",
    table: {
      speeds: KHZ.map((khz) => ({ khz, peerKhz: khz })),
      turbo: { baseIndex: 1, onAtStart: true, enableIsMax: true },
    },
    baselineKhz: 2_301_000,
    anySpeed: false,
    priority: new Set<number>(),
  };
  const cpufreq = host.open();
  expect(cpufreq.slow).toBe(false);
  expect(cpufreq.clocks()).toEqual([
    { ...clock, id: 0, pcpus: [0, 3] },
    { ...clock, id: 1, pcpus: [1, 2] },
  ]);
  expect(cpufreq.unmanaged()).toEqual([]);
  expect(host.xen.log).toEqual([]);
});

test("a speed is set under userspace, on every policy of the clock, and what was there is put back", () => {
  using host = xenHost();
  const cpufreq = host.open();
  expect(cpufreq.apply({ clock: 0, setting: 2 })).toBeUndefined();
  expect(cpufreq.apply({ clock: 0, setting: 3 })).toBeUndefined();
  expect(host.journal()).toEqual(["xen-cpu0.json", "xen-cpu3.json"]);
  expect(host.xen.log).toEqual([
    "cpu0 governor userspace",
    "cpu0 speed 1800000",
    "cpu3 governor userspace",
    "cpu3 speed 1800000",
    "cpu0 speed 1200000",
    "cpu3 speed 1200000",
  ]);
  expect(cpufreq.close()).toEqual([]);
  expect(states(host.xen)).toEqual(ORIGINAL);
  expect(host.journal()).toEqual([]);
});

test("the speed of a host that had userspace before is put back too", () => {
  using host = xenHost();
  for (const policy of host.xen.policies)
    Object.assign(policy, { governor: "userspace", currentKhz: 1_800_000 });
  const cpufreq = host.open();
  expect(cpufreq.clocks().map(({ baselineKhz }) => baselineKhz)).toEqual([1_800_000, 1_800_000]);
  cpufreq.apply({ clock: 1, setting: 0 });
  expect(cpufreq.apply({ clock: 1, setting: "baseline" })).toBeUndefined();
  expect(states(host.xen)).toEqual(Array(3).fill("userspace 1800000"));
});

test("after SIGKILL the next daemon puts back, and so does restore", () => {
  using host = xenHost();
  host.open().apply({ clock: 1, setting: 1 });
  expect(states(host.xen)[1]).toBe("userspace 2300000");
  host.open();
  expect(states(host.xen)).toEqual(ORIGINAL);
  expect(host.journal()).toEqual([]);
  host.open().apply({ clock: 1, setting: 1 });
  expect(host.restore()).toEqual({ restored: ["xen-cpu1"], kept: [], failed: [] });
  expect(states(host.xen)).toEqual(ORIGINAL);
});

test("what was saved under another driver is not restored: it means something else", () => {
  using host = xenHost();
  host.open().apply({ clock: 1, setting: 1 });
  host.xen.driver = "amd-cppc";
  expect(host.restore()).toEqual({ restored: ["xen-cpu1"], kept: [], failed: [] });
  expect(states(host.xen)[1]).toBe("userspace 2300000");
  expect(host.journal()).toEqual([]);
});

test("restore reports what Xen does not take, and keeps it for another attempt", () => {
  using host = xenHost();
  host.open().apply({ clock: 1, setting: 1 });
  host.xen.before = () => EBUSY;
  expect(host.restore()).toEqual({
    restored: [],
    kept: [],
    failed: [{ reason: 'xen-cpu1/governor: EBUSY, was "ondemand"' }],
  });
  host.xen.before = () => undefined;
  expect(host.restore().restored).toEqual(["xen-cpu1"]);
});

test("a refused speed leaves the clock as it was, on all of its policies", () => {
  using host = xenHost();
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 1 });
  host.xen.before = (what) => (what === "cpu3 speed 1200000" ? EBUSY : undefined);
  expect(cpufreq.apply({ clock: 0, setting: 3 })).toEqual({ reason: "cpu3 in Xen/speed: EBUSY" });
  expect(states(host.xen)).toEqual(["userspace 2300000", ORIGINAL[1] as string, "userspace 2300000"]);
});

test("another program's governor and speed are seen and taken back", async () => {
  using host = xenHost();
  const cpufreq = host.open();
  cpufreq.apply({ clock: 1, setting: 2 });
  await Bun.sleep(1);
  cpufreq.refresh();
  expect(host.drifts).toEqual([]);
  Object.assign(host.xen.policies[1] as object, { governor: "performance", currentKhz: 2_301_000 });
  cpufreq.refresh();
  const drift = { clock: 1, outcome: "reasserted" } as const;
  expect(host.drifts).toEqual([
    { ...drift, file: "cpu1 in Xen/governor", ours: "userspace", found: "performance" },
    { ...drift, file: "cpu1 in Xen/speed", ours: "1800000", found: "2301000" },
  ]);
  expect(states(host.xen)[1]).toBe("userspace 1800000");
});

test("a request after another program's governor sets the governor again first", () => {
  using host = xenHost();
  const cpufreq = host.open();
  cpufreq.apply({ clock: 1, setting: 2 });
  Object.assign(host.xen.policies[1] as object, { governor: "ondemand" });
  expect(cpufreq.apply({ clock: 1, setting: 1 })).toBeUndefined();
  expect(states(host.xen)[1]).toBe("userspace 2300000");
});

test("a limit of Xen that rounds a speed is no drift, and verify shows it", async () => {
  using host = xenHost();
  const cpufreq = host.open();
  Object.assign(host.xen.policies[1] as object, { maxKhz: 1_800_000 });
  cpufreq.apply({ clock: 1, setting: 1 });
  await Bun.sleep(1);
  cpufreq.refresh();
  expect(host.drifts).toEqual([]);
  const of = { pcpus: [1, 2], isOwed: false };
  expect(cpufreq.inspect({ clock: 1, setting: 1 })).toEqual([
    { ...of, file: "cpu1 in Xen/governor", ours: "userspace", found: "userspace", ok: true, isLimit: false },
    { ...of, file: "cpu1 in Xen/speed", ours: "2300000", found: "1800000", ok: true, isLimit: false },
    { ...of, file: "cpu1 in Xen/lowest", ours: "at most 2300000", found: "1200000", ok: true, isLimit: true },
    {
      ...of,
      file: "cpu1 in Xen/highest",
      ours: "at least 2300000",
      found: "1800000",
      ok: false,
      isLimit: true,
    },
  ]);
});

test("a speed that could not be read back says nothing of Xen's rounding", async () => {
  using host = xenHost();
  const cpufreq = host.open();
  cpufreq.apply({ clock: 1, setting: 1 });
  await turnEnds();
  cpufreq.apply({ clock: 1, setting: 2 });
  host.xen.cpufreqError = EBUSY;
  await turnEnds();
  host.xen.cpufreqError = undefined;
  // Another program sets what was read last.
  Object.assign(host.xen.policies[1] as object, { currentKhz: 2_300_000 });
  cpufreq.refresh();
  expect(states(host.xen)[1]).toBe("userspace 1800000");
  expect(host.drifts.map(({ found, outcome }) => [found, outcome])).toEqual([["2300000", "reasserted"]]);
});

test("an unknown interface is refused before anything is asked, with the versions that are known", () => {
  using host = xenHost();
  host.xen.sysctlVersion = 0x99;
  const cpufreq = host.open();
  expect(cpufreq.clocks()).toEqual([]);
  expect(cpufreq.unmanaged()).toEqual([
    {
      pcpu: 0,
      reason:
        "Xen 4.17 has an interface that this vm-power does not know (it knows those of Xen 4.16 to 4.22): install a newer vm-power",
    },
  ]);
  expect(host.xen.log).toEqual(["sysctl 15 refused", "sysctl 14 refused", "sysctl 16 refused"]);
  host.xen.sysctlVersion = 0x16;
  cpufreq.refresh();
  expect(cpufreq.clocks().length).toBe(2);
  expect(host.changes()).toBe(1);
});

test("CPUs that Xen cannot scale have the reason and the remedy", () => {
  using host = xenHost();
  host.xen.offline.add(3);
  host.xen.policies.splice(1, 1);
  expect(host.open({ managed: [0, 1, 3, 9] }).unmanaged()).toEqual([
    {
      pcpu: 1,
      reason:
        "Xen has no P-states for it: it is offline, or dom0 did not report them (modprobe xen-acpi-processor)",
    },
    { pcpu: 2, reason: "not in ManagedCpus" },
    {
      pcpu: 3,
      reason:
        "Xen has no P-states for it: it is offline, or dom0 did not report them (modprobe xen-acpi-processor)",
    },
    { pcpu: 9, reason: "no such CPU" },
  ]);
  host.xen.cpufreqError = ENODEV;
  host.xen.commandLine = "dom0_mem=2G cpufreq=none console=com1";
  expect(host.open({ managed: [0] }).unmanaged()[0]).toEqual({
    pcpu: 0,
    reason:
      'Xen does not scale CPUs (it was booted with "cpufreq=none"): boot Xen with cpufreq=xen:userspace',
  });
});

test("a policy of which a CPU may not be changed is not managed", () => {
  using host = xenHost();
  expect(host.open({ managed: [0, 1] }).unmanaged()).toEqual([
    { pcpu: 1, reason: "shares its clock with CPU 2, which is not in ManagedCpus" },
    { pcpu: 2, reason: "not in ManagedCpus" },
    { pcpu: 3, reason: "not in ManagedCpus" },
  ]);
});

test("a reserved CPU is not touched, nor is what shares a policy or a core with it", () => {
  using host = xenHost();
  const cpufreq = host.open({ reserved: [2, 3] });
  expect(cpufreq.clocks()).toEqual([]);
  expect(cpufreq.unmanaged()).toEqual([
    { pcpu: 0, reason: "shares its clock with CPU 3, which is in Reserved", reserved: true },
    { pcpu: 1, reason: "shares its clock with CPU 2, which is in Reserved", reserved: true },
    { pcpu: 2, reason: "in Reserved", reserved: true },
    { pcpu: 3, reason: "in Reserved", reserved: true },
  ]);
  expect(host.lines.filter((line) => line.includes("Reserved"))).toEqual([
    "warning: CPU 0: left alone too, because of the clock shared with CPU 3, which is in Reserved",
    "warning: CPU 1: left alone too, because of the clock shared with CPU 2, which is in Reserved",
  ]);
  expect(cpufreq.apply({ clock: 0, setting: 1 })).toEqual({ reason: "CPU 0 is not managed" });
  expect(host.xen.log).toEqual([]);
});

test("CPUs that go offline are noticed, and their settings wait for them", () => {
  using host = xenHost();
  const cpufreq = host.open();
  cpufreq.apply({ clock: 1, setting: 1 });
  host.xen.offline.add(1).add(2);
  cpufreq.refresh();
  expect(cpufreq.clocks().map(({ id }) => id)).toEqual([0]);
  expect(host.journal()).toEqual(["xen-cpu1.json"]);
  host.xen.offline.clear();
  cpufreq.refresh();
  expect(cpufreq.clocks().map(({ id }) => id)).toEqual([0, 1]);
  expect(states(host.xen)).toEqual(ORIGINAL);
});

test("a contract's governor is set where no speed is wanted, and what Xen lacks is told", async () => {
  using host = xenHost();
  const cpufreq = host.open();
  const knobs = { governors: ["schedutil", "performance"], epp: "power", resumeLatencyUs: 10 } as const;
  expect(await cpufreq.hold(1, knobs)).toBeUndefined();
  expect(states(host.xen)[1]).toBe("performance 2301000");
  expect(cpufreq.held(1)?.missing).toEqual([
    "Epp=power: Xen offers no energy preference",
    "ResumeLatencyUs=10: Xen offers no latency of a CPU",
  ]);
  cpufreq.close();
  expect(states(host.xen)).toEqual(ORIGINAL);
});

test("a dry run asks Xen, changes nothing, and behaves as if it had", () => {
  using host = xenHost();
  const cpufreq = host.open({ dryRun: true });
  expect(cpufreq.apply({ clock: 1, setting: 1 })).toBeUndefined();
  expect(cpufreq.observe(1)).toEqual({
    governor: "userspace",
    minKhz: 1_200_000,
    maxKhz: 2_301_000,
    currentKhz: 2_300_000,
    socket: 0,
  });
  expect(cpufreq.close()).toEqual([]);
  expect(host.xen.log).toEqual([]);
  expect(host.journal()).toEqual([]);
  expect(host.lines.filter((line) => line.includes("Dry run"))).toEqual([
    'info: Dry run: would set the governor of CPU 1 to "userspace" in Xen',
    "info: Dry run: would set CPU 1 to 2300000 kHz in Xen",
    'info: Dry run: would set the governor of CPU 1 to "ondemand" in Xen',
  ]);
});

test("after a kill before any change of a setting, the next start restores all of them", () => {
  for (let kill = 0; kill < 8; kill++) {
    using host = xenHost();
    let changes = 0;
    host.xen.before = () => {
      if (changes++ === kill) throw new Error("killed");
      return undefined;
    };
    const cpufreq = host.open();
    const asked = () => {
      for (const [clock, setting] of [
        [0, 2],
        [1, 3],
        [0, "baseline"],
      ] as const)
        cpufreq.apply({ clock, setting });
    };
    expect(asked).toThrow("killed");
    host.xen.before = () => undefined;
    host.open();
    expect(states(host.xen)).toEqual(ORIGINAL);
    expect(host.journal()).toEqual([]);
  }
});
