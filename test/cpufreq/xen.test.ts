import { expect, test } from "bun:test";
import { setImmediate as turnEnds } from "node:timers/promises";
import { KHZ, ORIGINAL, states, xenHost } from "./xen-host.ts";

const ENODEV = 19;

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
  host.xen.cpufreqError = ENODEV;
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
