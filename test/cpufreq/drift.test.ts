import { expect, test } from "bun:test";
import { setImmediate as turnEnds } from "node:timers/promises";
import { ACPI_KHZ, testHost, watchedDisk } from "./test-host.ts";

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;
const intel = { driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 } as const;

test("reassert writes our setting again after another program's change", async () => {
  using host = testHost([
    { cpus: [0], ...acpi },
    { cpus: [1], ...intel },
  ]);
  const cpufreq = host.open({ onDrift: "reassert" });
  for (const clock of [0, 1]) cpufreq.apply({ clock, setting: 1 });
  const held = host.snapshot();
  await turnEnds();
  host.tree.write(0, "scaling_governor", "schedutil");
  host.tree.write(0, "scaling_setspeed", "1200000");
  host.tree.write(1, "scaling_min_freq", "900000");
  cpufreq.refresh();
  expect(host.drifts).toEqual([
    {
      clock: 0,
      file: "cpu0/cpufreq/scaling_governor",
      ours: "userspace",
      found: "schedutil",
      outcome: "reasserted",
    },
    {
      clock: 0,
      file: "cpu0/cpufreq/scaling_setspeed",
      ours: "2300000",
      found: "1200000",
      outcome: "reasserted",
    },
    {
      clock: 1,
      file: "cpu1/cpufreq/scaling_min_freq",
      ours: "2300000",
      found: "900000",
      outcome: "reasserted",
    },
  ]);
  expect(host.snapshot()).toEqual(held);
  expect(host.lines[0]).toBe(
    'notice: cpu0/cpufreq/scaling_governor says "schedutil" instead of "userspace": reasserted',
  );
  cpufreq.refresh();
  expect(host.drifts.length).toBe(3);
  cpufreq.close();
});

test("yield leaves the other setting until the next request, even for the same speed", async () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const before = host.snapshot();
  const cpufreq = host.open({ onDrift: "yield" });
  cpufreq.apply({ clock: 0, setting: 1 });
  const held = host.snapshot();
  await turnEnds();
  host.tree.write(0, "scaling_governor", "performance");
  const changed = host.snapshot();
  cpufreq.refresh();
  cpufreq.refresh();
  expect(host.drifts).toEqual([
    {
      clock: 0,
      file: "cpu0/cpufreq/scaling_governor",
      ours: "userspace",
      found: "performance",
      outcome: "yielded",
    },
  ]);
  expect(host.snapshot()).toEqual(changed);
  cpufreq.apply({ clock: 0, setting: 1 });
  expect(host.snapshot()).toEqual(held);
  cpufreq.close();
  expect(host.snapshot()).toEqual(before);
});

test("reassert yields to a program that keeps changing a file, until the next request", async () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const cpufreq = host.open({ onDrift: "reassert" });
  cpufreq.apply({ clock: 0, setting: 1 });
  for (let round = 0; round < 8; round++) {
    await turnEnds();
    host.tree.write(0, "scaling_setspeed", "1200000");
    cpufreq.refresh();
  }
  expect(host.drifts.map(({ outcome }) => outcome)).toEqual([
    ...Array.from({ length: 5 }, () => "reasserted" as const),
    "yielded",
  ]);
  expect(host.lines).toContain(
    "warning: CPU 0 was changed 6 times in a row by another program: left to it until the next request",
  );
  cpufreq.apply({ clock: 0, setting: 1 });
  await turnEnds();
  host.tree.write(0, "scaling_setspeed", "1200000");
  cpufreq.refresh();
  expect(host.drifts.at(-1)?.outcome).toBe("reasserted");
  cpufreq.close();
});

test("Occasional changes by another program are always overwritten", async () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const cpufreq = host.open({ onDrift: "reassert" });
  cpufreq.apply({ clock: 0, setting: 1 });
  for (let round = 0; round < 8; round++) {
    await turnEnds();
    host.tree.write(0, "scaling_setspeed", "1200000");
    cpufreq.refresh();
    cpufreq.refresh();
  }
  expect(host.drifts.map(({ outcome }) => outcome)).toEqual(
    Array.from({ length: 8 }, () => "reasserted" as const),
  );
  cpufreq.close();
});

test("A refused reassertion is tried again, and given up after some attempts", async () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  let refuse = false;
  const disk = watchedDisk(host.root, ({ kind }) => (kind === "write" && refuse ? "EBUSY" : undefined));
  const cpufreq = host.open({ onDrift: "reassert" }, disk);
  cpufreq.apply({ clock: 0, setting: 1 });
  refuse = true;
  await turnEnds();
  host.tree.write(0, "scaling_setspeed", "1200000");
  for (let round = 0; round < 8; round++) cpufreq.refresh();
  expect(host.drifts.map(({ outcome }) => outcome)).toEqual([
    ...Array.from({ length: 5 }, () => "failed" as const),
    "yielded",
  ]);
  refuse = false;
  cpufreq.close();
});

test("A speed that is refused because another program changed the governor is written again under ours", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  // As the kernel does: only userspace takes a speed.
  const disk = watchedDisk(host.root, ({ kind, file }) => {
    const isSpeed = kind === "write" && file.endsWith("scaling_setspeed");
    return isSpeed && host.tree.read(0, "scaling_governor") !== "userspace" ? "EINVAL" : undefined;
  });
  const cpufreq = host.open({}, disk);
  cpufreq.apply({ clock: 0, setting: 1 });
  host.tree.write(0, "scaling_governor", "schedutil");
  expect(cpufreq.apply({ clock: 0, setting: 2 })).toBeUndefined();
  expect([host.tree.read(0, "scaling_governor"), host.tree.read(0, "scaling_setspeed")]).toEqual([
    "userspace",
    "2000000",
  ]);
  host.tree.write(0, "scaling_governor", "schedutil");
  cpufreq.close();
});
