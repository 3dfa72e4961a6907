import { expect, test } from "bun:test";
import fs from "node:fs";
import { restoreJournal } from "../../src/cpufreq/linux/open.ts";
import { FILE_CALLS, type FileCalls } from "../../src/os/file-calls.ts";
import { ACPI_KHZ, type TestHost, testHost, watchedDisk } from "./test-host.ts";

const acpi = { driver: "acpi-cpufreq", khz: ACPI_KHZ } as const;

/** An entry in the stable format: a later version must restore what an earlier one has left. */
const ENTRY = {
  version: 1,
  policy: "cpufreq/policy0",
  pcpus: [0],
  driver: "acpi-cpufreq",
  kept: false,
  originals: { scaling_governor: "ondemand\n", scaling_setspeed: "<unsupported>\n" },
};

function leave(host: TestHost, name: string, text: string): void {
  fs.mkdirSync(host.journalDirectory, { recursive: true, mode: 0o700 });
  fs.writeFileSync(`${host.journalDirectory}/${name}`, text, { mode: 0o600 });
}

test("The journal holds one small file for each changed cpufreq policy", () => {
  using host = testHost([{ cpus: [0, 1], shared: true, ...acpi }]);
  const cpufreq = host.open();
  cpufreq.apply({ clock: 0, setting: 1 });
  expect(JSON.parse(fs.readFileSync(`${host.journalDirectory}/policy0.json`, "utf8"))).toEqual({
    ...ENTRY,
    pcpus: [0, 1],
    originals: { scaling_governor: "schedutil\n", scaling_setspeed: "<unsupported>\n" },
  });
  expect(fs.statSync(`${host.journalDirectory}/policy0.json`).mode & 0o777).toBe(0o600);
  cpufreq.close();
});

test("An entry is synced to the disk under its name before the first change of a CPU", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const order: string[] = [];
  const disk = watchedDisk(host.root, ({ kind, file }) => {
    if (kind !== "create") order.push(`${kind} ${file}`);
    return undefined;
  });
  const files: FileCalls = {
    ...disk.files,
    writeSync(fd, bytes, offset, length) {
      order.push("bytes");
      return FILE_CALLS.writeSync(fd, bytes, offset, length);
    },
    fsyncSync(fd) {
      order.push(`sync ${fs.readlinkSync(`/proc/self/fd/${fd}`).split("/").at(-1)}`);
      FILE_CALLS.fsyncSync(fd);
    },
  };
  const cpufreq = host.open({}, { ...disk, files });
  cpufreq.apply({ clock: 0, setting: 1 });
  expect(order).toEqual([
    "bytes",
    "sync policy0.json.new",
    "rename journal/policy0.json",
    "write policy0/scaling_governor",
    "write policy0/scaling_setspeed",
  ]);
  cpufreq.close();
});

test("restoreJournal() restores an entry once", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  leave(host, "policy0.json", JSON.stringify(ENTRY));
  expect(restoreJournal(host)).toEqual({ restored: ["cpufreq/policy0"], kept: [], failed: [] });
  expect(host.tree.read(0, "scaling_governor")).toBe("ondemand");
  expect(restoreJournal(host)).toEqual({ restored: [], kept: [], failed: [] });
});

test("restoreJournal() finds nothing where there is no journal", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  expect(restoreJournal(host)).toEqual({ restored: [], kept: [], failed: [] });
});

const HOSTILE: readonly [name: string, text: string, problem: string][] = [
  ["is empty", "", "it is not a journal entry"],
  ["is cut off", JSON.stringify(ENTRY).slice(0, 40), "it is not a journal entry"],
  ["is a list", "[]", "it is not a journal entry"],
  ["has another version", JSON.stringify({ ...ENTRY, version: 2 }), "it is not a journal entry"],
  [
    "names another policy",
    JSON.stringify({ ...ENTRY, policy: "cpufreq/policy1" }),
    "it names another cpufreq policy",
  ],
  ["leaves the root", JSON.stringify({ ...ENTRY, policy: "../../etc" }), "it is not a journal entry"],
  [
    "leaves the root later",
    JSON.stringify({ ...ENTRY, policy: "cpufreq/policy0/../.." }),
    "it is not a journal entry",
  ],
  [
    "names an absolute path",
    JSON.stringify({ ...ENTRY, policy: "/cpufreq/policy0" }),
    "it is not a journal entry",
  ],
  ["has no such CPU", JSON.stringify({ ...ENTRY, pcpus: [-1] }), "it is not a journal entry"],
  [
    "has a file of its own",
    JSON.stringify({ ...ENTRY, originals: { "../x": "1" } }),
    "it is not a journal entry",
  ],
  ["has a prototype", '{"__proto__":{"version":1}}', "it is not a journal entry"],
  [
    "has a text of two lines",
    JSON.stringify({ ...ENTRY, originals: { scaling_governor: "a\nb" } }),
    "it is not a journal entry",
  ],
  [
    "has a speed that is none",
    JSON.stringify({ ...ENTRY, originals: { scaling_min_freq: "1e9" } }),
    "it is not a journal entry",
  ],
  ["is too large", JSON.stringify({ ...ENTRY, padding: "x".repeat(70_000) }), "it is too large"],
];

for (const [name, text, problem] of HOSTILE) {
  test(`restoreJournal() does not use an entry that ${name}`, () => {
    using host = testHost([{ cpus: [0], ...acpi }]);
    const before = host.snapshot();
    leave(host, "policy0.json", text);
    expect(restoreJournal(host)).toEqual({
      restored: [],
      kept: [],
      failed: [{ reason: `cpufreq/policy0: ${problem}` }],
    });
    expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({
      tree: before,
      journal: ["policy0.json"],
    });
  });
}

test("restoreJournal() reads only files that no other user can write, and follows no link", () => {
  using host = testHost([
    { cpus: [0], ...acpi },
    { cpus: [1], ...acpi },
  ]);
  leave(host, "elsewhere", JSON.stringify(ENTRY));
  leave(host, "policy1.json", JSON.stringify({ ...ENTRY, policy: "cpufreq/policy1" }));
  fs.symlinkSync("elsewhere", `${host.journalDirectory}/policy0.json`);
  fs.chmodSync(`${host.journalDirectory}/policy1.json`, 0o666);
  fs.mkdirSync(`${host.journalDirectory}/policy2.json`);
  const mine = "it is not a file that only this user may write";
  expect(restoreJournal(host).failed).toEqual([
    { reason: "cpufreq/policy0: ELOOP" },
    { reason: `cpufreq/policy1: ${mine}` },
    { reason: `cpufreq/policy2: ${mine}` },
  ]);
});

test.skipIf(process.getuid?.() !== 0)(
  "restoreJournal() as root also reads files of the directory's owner, and of no other user (skipped where it is not root)",
  () => {
    using host = testHost([
      { cpus: [0], ...acpi },
      { cpus: [1], ...acpi },
    ]);
    leave(host, "policy0.json", JSON.stringify(ENTRY));
    leave(host, "policy1.json", JSON.stringify({ ...ENTRY, policy: "cpufreq/policy1" }));
    fs.chownSync(host.journalDirectory, 12_345, 12_345);
    fs.chownSync(`${host.journalDirectory}/policy0.json`, 12_345, 12_345);
    fs.chownSync(`${host.journalDirectory}/policy1.json`, 54_321, 12_345);
    expect(restoreJournal(host)).toEqual({
      restored: ["cpufreq/policy0"],
      kept: [],
      failed: [{ reason: "cpufreq/policy1: it is not a file that only this user may write" }],
    });
  },
);

test("restoreJournal() does not follow a directory that leads elsewhere", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  leave(host, "policy0.json", JSON.stringify(ENTRY));
  fs.renameSync(`${host.root}/cpufreq/policy0`, `${host.root}/cpufreq/policy7`);
  fs.symlinkSync("policy7", `${host.root}/cpufreq/policy0`);
  expect(restoreJournal(host).failed).toEqual([{ reason: "cpufreq/policy0: no such directory" }]);
});

test("restoreJournal() ignores files that are not its own, and removes unfinished ones", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  for (const name of ["policy0.json.new", "control.sock", "policy.json", "policy0.txt"])
    leave(host, name, "");
  restoreJournal(host);
  expect(host.journal()).toEqual(["control.sock", "policy.json", "policy0.txt"]);
});

test("restoreJournal() keeps the entry of an offline CPU until it is back", () => {
  using host = testHost([
    { cpus: [0], ...acpi },
    { cpus: [1], ...acpi },
  ]);
  leave(host, "policy1.json", JSON.stringify({ ...ENTRY, policy: "cpufreq/policy1", pcpus: [1] }));
  host.tree.setOnline(1, false);
  expect(restoreJournal(host).failed).toEqual([{ reason: "cpufreq/policy1: CPU 1 offline" }]);
  expect(host.lines).toEqual([]);
  host.tree.setOnline(1, true);
  expect(restoreJournal(host).restored).toEqual(["cpufreq/policy1"]);
  expect(host.tree.read(1, "scaling_governor")).toBe("ondemand");
});

test("restoreJournal() drops an entry of another driver, because the kernel has replaced the policy", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const before = host.snapshot();
  leave(host, "policy0.json", JSON.stringify({ ...ENTRY, driver: "intel_cpufreq" }));
  restoreJournal(host);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});

test("openCpufreq() drops kept settings of another driver", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const before = host.snapshot();
  leave(host, "policy0.json", JSON.stringify({ ...ENTRY, kept: true, driver: "intel_cpufreq" }));
  const cpufreq = host.open({ onExit: "keep" });
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
  cpufreq.close();
});

test("openCpufreq() ignores an entry that it does not trust", () => {
  using host = testHost([{ cpus: [0], ...acpi }]);
  const before = host.snapshot();
  leave(host, "policy0.json", "{}");
  const cpufreq = host.open();
  expect(host.lines).toEqual([
    "warning: Ignored the restore journal of cpufreq/policy0: it is not a journal entry",
  ]);
  expect(cpufreq.apply({ clock: 0, setting: 1 })).toBeUndefined();
  expect(cpufreq.close()).toEqual([]);
  expect({ tree: host.snapshot(), journal: host.journal() }).toEqual({ tree: before, journal: [] });
});
