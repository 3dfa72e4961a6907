import { expect, spyOn, test } from "bun:test";
import fs from "node:fs";
import { setImmediate as turnEnds } from "node:timers/promises";
import { success } from "../../src/base/result.ts";
import { ACPI_KHZ, testHost, watchedDisk } from "./test-host.ts";

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;
const intel = { driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 } as const;

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

test("A speed that the kernel has taken as it was written is not read again, and another program is still found", async () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const cpufreq = host.open({ onDrift: "reassert" });
  const read = spyOn(fs, "readSync");
  const readings: number[] = [];
  for (const setting of [1, 2, 1, 2, 3]) {
    read.mockClear();
    cpufreq.apply({ clock: 0, setting });
    await turnEnds();
    readings.push(read.mock.calls.length);
  }
  // The first write of all reads the settings that it saves as well.
  expect(readings.slice(1)).toEqual([1, 0, 0, 1]);
  cpufreq.apply({ clock: 0, setting: 1 });
  await turnEnds();
  read.mockRestore();
  // What was read last.
  fs.writeFileSync(`${host.root}/cpufreq/policy0/scaling_setspeed`, "1700000");
  cpufreq.refresh();
  expect(host.drifts.map(({ found, outcome }) => [found, outcome])).toEqual([["1700000", "reasserted"]]);
  cpufreq.close();
});

test("A limit that comes after the kernel has taken a speed is told as a limit, once", async () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const cpufreq = host.open({ onDrift: "reassert" });
  const set = async (setting: number) => {
    expect(cpufreq.apply({ clock: 0, setting })).toBeUndefined();
    await turnEnds();
  };
  for (const setting of [1, 3, 1, 3]) await set(setting);
  const { writeSync } = fs;
  let most = "2000000";
  const limited = (fd: number, data: Uint8Array) =>
    writeSync(fd, new TextDecoder().decode(data).replace("2300000", most), 0);
  using _limit = spyOn(fs, "writeSync").mockImplementation(limited as typeof writeSync);
  await set(1);
  for (let round = 0; round < 4; round++) cpufreq.refresh();
  expect(host.drifts.map(({ found, outcome }) => [found, outcome])).toEqual([["2000000", "failed"]]);
  // What the kernel rounds is read each time.
  for (most of ["2000000", "1900000", "2300000"]) {
    for (const setting of [3, 1, 3, 1]) await set(setting);
    cpufreq.refresh();
  }
  expect(host.drifts).toHaveLength(1);
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
