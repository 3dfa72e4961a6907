import { expect, test } from "bun:test";
import type { TreeCpus } from "../../src/simulate/cpufreq-tree.ts";
import { ACPI_KHZ, type Change, testHost, watchedDisk } from "./test-host.ts";

/** A driver with three speeds: the index, and the expected content of the files. */
interface Driver {
  readonly cpu: Omit<TreeCpus, "cpus">;
  readonly governor: string;
  readonly files: readonly string[];
  readonly speeds: readonly [index: number, text: string][];
}

const SETSPEED = ["scaling_setspeed"];
const MIN_MAX = ["scaling_min_freq", "scaling_max_freq"];

const intelSpeeds: Driver["speeds"] = [
  [16, "800000"],
  [0, "3500000"],
  [1, "2300000"],
];

const amdSpeeds: Driver["speeds"] = [
  [63, "400000"],
  [0, "3500000"],
  [1, "3451000"],
];

const DRIVERS: readonly Driver[] = [
  {
    cpu: { driver: "acpi-cpufreq", khz: ACPI_KHZ },
    governor: "userspace",
    files: SETSPEED,
    speeds: [
      [5, "1200000"],
      [0, "2301000"],
      [1, "2300000"],
    ],
  },
  {
    cpu: { driver: "acpi-cpufreq", khz: ACPI_KHZ, files: { scaling_driver: "pcc-cpufreq" } },
    governor: "userspace",
    files: SETSPEED,
    speeds: [
      [5, "1200000"],
      [0, "2301000"],
      [1, "2300000"],
    ],
  },
  {
    cpu: { driver: "intel_pstate", khz: [3500000, 800000], baseKhz: 2300000 },
    governor: "performance",
    files: MIN_MAX,
    speeds: intelSpeeds,
  },
  {
    cpu: { driver: "intel_cpufreq", khz: [3500000, 800000], baseKhz: 2300000 },
    governor: "userspace",
    files: MIN_MAX,
    speeds: intelSpeeds,
  },
  {
    cpu: { driver: "amd-pstate", khz: [3500000, 400000], baseKhz: 2600000 },
    governor: "userspace",
    files: SETSPEED,
    speeds: amdSpeeds,
  },
  {
    cpu: { driver: "amd-pstate-epp", khz: [3500000, 400000], baseKhz: 2600000 },
    governor: "performance",
    files: MIN_MAX,
    speeds: amdSpeeds,
  },
  {
    cpu: { driver: "cppc_cpufreq", khz: [3000000, 800000], baseKhz: 2600000 },
    governor: "userspace",
    files: SETSPEED,
    speeds: [
      [19, "800000"],
      [0, "3000000"],
      [1, "2600000"],
    ],
  },
];

for (const { cpu, governor, files, speeds } of DRIVERS) {
  const driver = cpu.files?.["scaling_driver"] ?? cpu.driver;
  const group: TreeCpus = { cpus: [0], ...cpu };

  test(`${driver}: nothing is written before it is asked for`, () => {
    using host = testHost([group]);
    const before = host.snapshot();
    const cpufreq = host.open();
    cpufreq.refresh();
    expect(cpufreq.close()).toEqual([]);
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  });

  test(`${driver}: apply() writes the speed to the files, without a newline`, () => {
    using host = testHost([group]);
    const before = host.snapshot();
    const cpufreq = host.open();
    for (const [setting, text] of speeds) {
      expect(cpufreq.apply({ clock: 0, setting })).toBeUndefined();
      expect(host.snapshot()).toEqual({
        ...before,
        "/cpufreq/policy0/scaling_governor": governor,
        ...Object.fromEntries(files.map((file) => [`/cpufreq/policy0/${file}`, text])),
      });
    }
    cpufreq.close();
  });

  test(`${driver}: what is held is not written again`, () => {
    using host = testHost([group]);
    const changes: Change[] = [];
    const cpufreq = host.open(
      {},
      watchedDisk(host.root, (change) => void changes.push(change)),
    );
    cpufreq.apply({ clock: 0, setting: 1 });
    changes.length = 0;
    cpufreq.apply({ clock: 0, setting: 1 });
    cpufreq.refresh();
    expect(changes).toEqual([]);
    cpufreq.close();
  });

  test(`${driver}: baseline puts every byte back and empties the journal`, () => {
    using host = testHost([group]);
    const before = host.snapshot();
    const cpufreq = host.open();
    for (const [setting] of speeds) cpufreq.apply({ clock: 0, setting });
    expect(host.journal()).toEqual(["policy0.json"]);
    expect(cpufreq.apply({ clock: 0, setting: "baseline" })).toBeUndefined();
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
    cpufreq.close();
  });

  test(`${driver}: the journal is safe before the first write`, () => {
    using host = testHost([group]);
    const kinds: string[] = [];
    const cpufreq = host.open(
      {},
      watchedDisk(host.root, ({ kind, file }) => void kinds.push(`${kind} ${file}`)),
    );
    cpufreq.apply({ clock: 0, setting: 1 });
    expect(kinds.slice(0, 3)).toEqual([
      "create journal/policy0.json.new",
      "rename journal/policy0.json",
      "write policy0/scaling_governor",
    ]);
    cpufreq.close();
  });

  test(`${driver}: a refusal names the file and the errno, and nothing is changed`, () => {
    for (const refused of ["scaling_governor", ...files]) {
      using host = testHost([group]);
      const before = host.snapshot();
      let once = true;
      const disk = watchedDisk(host.root, ({ kind, file }) => {
        if (kind !== "write" || file !== `policy0/${refused}` || !once) return undefined;
        once = false;
        return "EBUSY";
      });
      const cpufreq = host.open({}, disk);
      const answer = cpufreq.apply({ clock: 0, setting: 1 });
      expect({ answer, tree: host.snapshot(), journal: host.journal() }).toEqual({
        answer: { reason: `cpu0/cpufreq/${refused}: EBUSY` },
        tree: before,
        journal: [],
      });
      expect(cpufreq.apply({ clock: 0, setting: 1 })).toBeUndefined();
      cpufreq.close();
    }
  });

  test(`${driver}: a later refusal leaves what was held before`, () => {
    for (const refused of files) {
      using host = testHost([group]);
      let armed = false;
      const disk = watchedDisk(host.root, ({ kind, file }) => {
        if (kind !== "write" || file !== `policy0/${refused}` || !armed) return undefined;
        armed = false;
        return "EIO";
      });
      const cpufreq = host.open({}, disk);
      cpufreq.apply({ clock: 0, setting: 1 });
      const held = host.snapshot();
      armed = true;
      const answer = cpufreq.apply({ clock: 0, setting: 2 });
      expect({ answer, tree: host.snapshot() }).toEqual({
        answer: { reason: `cpu0/cpufreq/${refused}: EIO` },
        tree: held,
      });
      cpufreq.close();
    }
  });

  test(`${driver}: a dry run logs what it would write, and writes nothing`, () => {
    using host = testHost([group]);
    const before = host.snapshot();
    const cpufreq = host.open({ dryRun: true });
    const [, text] = speeds[2] as [number, string];
    expect(cpufreq.apply({ clock: 0, setting: 1 })).toBeUndefined();
    cpufreq.refresh();
    const would = [`"${governor}" to`, ...files.map(() => `"${text}" to`)];
    expect(host.lines.map((line) => line.replace(/^.*would write (.* to).*$/, "$1"))).toEqual(would);
    cpufreq.close();
    expect({ tree: host.snapshot(), journal: host.journal(), drifts: host.drifts }).toEqual({
      tree: before,
      journal: [],
      drifts: [],
    });
  });
}

test("A dry run also logs what it would restore", () => {
  using host = testHost([{ cpus: [0], driver: "acpi-cpufreq", khz: ACPI_KHZ }]);
  const cpufreq = host.open({ dryRun: true });
  cpufreq.apply({ clock: 0, setting: 1 });
  host.lines.length = 0;
  cpufreq.close();
  const policy = `${host.root}/cpufreq/policy0`;
  expect(host.lines).toEqual([
    `info: Dry run: would write "schedutil" to ${policy}/scaling_governor`,
    `info: Dry run: would write "<unsupported>" to ${policy}/scaling_setspeed`,
  ]);
});
