import { expect, spyOn, test } from "bun:test";
import fs from "node:fs";
import { setImmediate as turnEnds } from "node:timers/promises";
import { success } from "../../src/base/result.ts";
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

for (const onDrift of ["reassert", "yield"] as const) {
  test(`What the kernel makes of a speed is no drift (${onDrift})`, () => {
    using host = testHost([{ cpus: [0], ...acpi }]);
    // A kernel that rounds down to 100 MHz.
    const disk = watchedDisk(host.root, () => undefined);
    const cpufreq = host.open({ onDrift }, roundingDisk(disk, /scaling_setspeed$/, "1600000"));
    expect(cpufreq.apply({ clock: 0, setting: 3 })).toBeUndefined();
    cpufreq.refresh();
    expect(host.drifts).toEqual([]);
    cpufreq.close();
  });
}

test("A speed that the kernel rounded is not drift when another file is", async () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const disk = roundingDisk(
    watchedDisk(host.root, () => undefined),
    /scaling_setspeed$/,
    "1600000",
  );
  const cpufreq = host.open({ onDrift: "reassert" }, disk);
  cpufreq.apply({ clock: 0, setting: 3 });
  await turnEnds();
  host.tree.write(0, "scaling_governor", "schedutil");
  cpufreq.refresh();
  expect(host.drifts.map(({ file }) => file)).toEqual(["cpu0/cpufreq/scaling_governor"]);
  cpufreq.close();
});

test("A limit that the kernel keeps is reported once", async () => {
  using host = testHost([{ cpus: [1], ...intel }]);
  let limit: string | undefined;
  const disk = roundingDisk(
    watchedDisk(host.root, () => undefined),
    /scaling_max_freq$/,
    () => limit,
  );
  const cpufreq = host.open({ onDrift: "reassert" }, disk);
  cpufreq.apply({ clock: 1, setting: 0 });
  limit = "2000000";
  await turnEnds();
  host.tree.write(1, "scaling_max_freq", "2000000");
  for (let round = 0; round < 4; round++) cpufreq.refresh();
  expect(host.drifts).toEqual([
    { clock: 1, file: "cpu1/cpufreq/scaling_max_freq", ours: "3500000", found: "2000000", outcome: "failed" },
  ]);
  limit = undefined;
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

test("A written file that could not be read back says nothing of the kernel's rounding", async () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const cpufreq = host.open({ onDrift: "reassert" });
  cpufreq.apply({ clock: 0, setting: 1 });
  await turnEnds();
  cpufreq.apply({ clock: 0, setting: 2 });
  const read = spyOn(fs, "readSync").mockImplementation(() => {
    throw Object.assign(new Error("EIO"), { code: "EIO" });
  });
  await turnEnds();
  read.mockRestore();
  // Another program sets what was read last.
  fs.writeFileSync(`${host.root}/cpufreq/policy0/scaling_setspeed`, "2300000");
  cpufreq.refresh();
  expect(host.tree.read(0, "scaling_setspeed")).toBe("2000000");
  expect(host.drifts.map(({ found, outcome }) => [found, outcome])).toEqual([["2300000", "reasserted"]]);
  cpufreq.close();
});

/** A kernel that replaces what is written to a file by a value of its own. */
function roundingDisk(
  disk: ReturnType<typeof watchedDisk>,
  file: RegExp,
  made: string | (() => string | undefined),
): ReturnType<typeof watchedDisk> {
  return {
    ...disk,
    open(path) {
      const opened = disk.open(path);
      if (!opened.ok || !file.test(path)) return opened;
      const attribute = opened.value;
      return success({
        write: (data) => {
          const text = typeof made === "string" ? made : made();
          return attribute.write(text === undefined ? data : new TextEncoder().encode(`${text}\n`));
        },
        read: () => attribute.read(),
        isUnchanged: () => attribute.isUnchanged(),
        text: () => attribute.text(),
        number: () => attribute.number(),
        close: () => attribute.close(),
      });
    },
  };
}

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
