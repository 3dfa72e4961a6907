import { expect, test } from "bun:test";
import fs from "node:fs";
import { ACPI_KHZ, testHost } from "./test-host.ts";

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;

/** Reading this file gives an I/O error, because nothing is mapped at address 0. */
const EIO = "/proc/self/mem";

test("A file that cannot be read for the moment counts as unchanged", () => {
  for (const file of ["scaling_driver", "related_cpus", "scaling_max_freq"]) {
    using host = testHost([
      { cpus: [0], ...acpi },
      { cpus: [1], ...acpi },
    ]);
    const cpufreq = host.open();
    const clocks = cpufreq.clocks();
    expect(cpufreq.apply({ clock: 0, setting: 1 })).toBeUndefined();
    for (const cpu of [0, 1]) {
      fs.rmSync(`${host.root}/cpufreq/policy${cpu}/${file}`);
      fs.symlinkSync(EIO, `${host.root}/cpufreq/policy${cpu}/${file}`);
    }
    for (let look = 0; look < 3; look++) cpufreq.refresh();
    expect([cpufreq.clocks(), cpufreq.unmanaged(), host.changes, host.drifts]).toEqual([clocks, [], 0, []]);
    expect(cpufreq.apply({ clock: 0, setting: 2 })).toBeUndefined();
    expect(host.tree.read(0, "scaling_setspeed")).toBe("2000000");
    cpufreq.close();
  }
});

test("A CPU that cannot be read at first is unmanaged with the reason, until it can be read (R10)", () => {
  using host = testHost([
    { cpus: [0], ...acpi },
    { cpus: [1], ...acpi },
  ]);
  const driver = `${host.root}/cpufreq/policy1/scaling_driver`;
  fs.rmSync(driver);
  fs.symlinkSync(EIO, driver);
  const cpufreq = host.open();
  expect(cpufreq.unmanaged()).toEqual([{ pcpu: 1, reason: "it cannot be read (EIO)" }]);
  fs.rmSync(driver);
  fs.writeFileSync(driver, "acpi-cpufreq\n");
  // One CPU is looked at each time.
  for (const _ of [0, 1]) cpufreq.refresh();
  expect([cpufreq.clocks().map(({ id }) => id), cpufreq.unmanaged()]).toEqual([[0, 1], []]);
  cpufreq.close();
});

test("A process without free file descriptors keeps its CPUs and their settings", () => {
  using host = testHost([{ cpus: [0, 1, 2, 3], ...acpi }]);
  // The child process: it finds all CPUs, then has no free descriptors, then has some again.
  const script = `${host.root}/../shortage.ts`;
  fs.writeFileSync(
    script,
    `
    import fs from "node:fs";
    import { openCpufreq } from ${JSON.stringify(`${import.meta.dir}/../../src/cpufreq/linux/open.ts`)};
    const lines = [];
    const line = (text) => void lines.push(text);
    const log = { error: line, warning: line, notice: line, info: line, debug: line };
    let changes = 0;
    const events = { clocksChanged: () => changes++, drift: (drift) => line(JSON.stringify(drift)) };
    const [root, journalDirectory] = ${JSON.stringify([host.root, host.journalDirectory])};
    const options = { root, journalDirectory, managed: "all", onExit: "restore", onDrift: "reassert", log };
    const cpufreq = openCpufreq(options, events);
    const told = [cpufreq.apply({ clock: 0, setting: 1 })];
    const taken = [];
    try {
      for (;;) taken.push(fs.openSync("/dev/null", "r"));
    } catch (error) {
      told.push(error.code);
    }
    for (let look = 0; look < 5; look++) cpufreq.refresh();
    told.push(cpufreq.clocks().map(({ id }) => id), cpufreq.unmanaged(), changes);
    // A clock with open files keeps working. Another clock cannot be changed, and keeps its settings.
    told.push(cpufreq.apply({ clock: 0, setting: 2 }), cpufreq.apply({ clock: 1, setting: 2 }));
    for (const fd of taken) fs.closeSync(fd);
    cpufreq.refresh();
    told.push(cpufreq.apply({ clock: 1, setting: 2 }), cpufreq.close(), changes, lines);
    console.log(JSON.stringify(told));
    `,
  );
  const before = host.snapshot();
  const { stdout, stderr } = Bun.spawnSync(["sh", "-c", `ulimit -n 40; exec ${process.execPath} ${script}`]);
  expect([stdout.toString() === "" ? undefined : JSON.parse(stdout.toString()), stderr.toString()]).toEqual([
    [null, "EMFILE", [0, 1, 2, 3], [], 0, null, { reason: "cpu1/cpufreq: EMFILE" }, null, [], 0, []],
    "",
  ]);
  expect(host.snapshot()).toEqual(before);
});
