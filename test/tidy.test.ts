import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const ROOT = join(import.meta.dir, "..");
const LINES_MAX = 250;
/** Written by a program, which another test runs again. */
const GENERATED = ["admin/control-types.ts"];
const MEDIAN_LINES_MAX = 100;
/** Longer files that are only data. */
const TABLES = [
  "test/admin/sample-control.ts",
  "test/faults/guest-faults.ts",
  "test/faults/user-faults.ts",
  "test/wire/vectors.ts",
  "test/world/faults.ts",
];

/** What a folder of src/ may import beside itself. `type` allows types only. */
const FLOORS: Readonly<Record<string, readonly (string | { readonly type: string })[]>> = {
  base: [],
  wire: ["base"],
  arbiter: ["base", { type: "wire" }],
  ledger: ["base"],
  channels: ["base", "wire", "os"],
  os: ["base"],
  cpufreq: ["base", "os"],
  hypervisor: ["base", "os"],
  admin: ["base", "os"],
  systemd: ["base", "os"],
  traffic: ["base", "os"],
  energy: ["base", "os"],
  config: ["base", "os"],
  metrics: ["base", "os"],
  terminal: ["base", "os"],
  ctl: ["base", "os", "terminal", "admin"],
  // The page says what vmpowerctl says. The types of replies are all that it has of the control socket.
  cockpit: ["base", "terminal", "ctl", { type: "admin" }],
  guest: ["base", "os", "wire", "arbiter", "cpufreq", "config", "systemd", "terminal"],
  // The simulator must not use the code that it tests.
  simulate: ["base"],
  daemon: [
    "base",
    "os",
    "wire",
    "arbiter",
    "ledger",
    "channels",
    "cpufreq",
    "hypervisor",
    "traffic",
    "energy",
    "admin",
    "systemd",
    "config",
    "metrics",
    "terminal",
    "simulate",
    "version",
  ],
  main: ["base", "terminal", "ctl", "guest", "daemon", "version"],
  version: [],
};

/** Floors without access to the world: no runtime modules, no clock, no random numbers, no timer, no output. */
const PURE = ["base", "wire", "arbiter", "ledger"];
const WORLDLY =
  /\b(Date\.now|new Date|performance\.|Math\.random|crypto\.|setTimeout|setInterval|setImmediate|queueMicrotask|console\.|process\.|Bun\.)/;

/** The kernel's file names: known to the back end for Linux, and to code that simulates or inspects a host's files. */
const KERNEL_FILES =
  /scaling_[a-z]|pm_qos_|cpuinfo_[a-z]|energy_performance|related_cpus|affected_cpus|freqdomain_cpus|thread_siblings|acpi_cppc|no_turbo/;
const KNOWS_KERNEL_FILES = /^(cpufreq\/linux|simulate|ctl\/doctor)\//;

/** The program floor: only here the wall clock may be read. */
const PROGRAMS = ["daemon", "ctl", "cockpit", "guest", "simulate", "main"];

interface Source {
  readonly path: string;
  readonly text: string;
}

const SOURCES: readonly Source[] = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ path: name, text: readFileSync(join(ROOT, "src", name), "utf8") }));

/** Everything that is wrong with a file, as text. */
function faults({ path, text }: Source): string[] {
  const found: string[] = [];
  const folder = folderOf(path);
  const lines = text.split("\n").length - 1;
  if (lines > LINES_MAX && !GENERATED.includes(path)) found.push(`${path} has ${lines} lines`);
  if (/(^|\/)(index|utils?|helpers?|common)\.ts$/.test(path)) found.push(`${path} is not named for its noun`);
  if (/\b(TODO|FIXME|XXX|HACK)\b/.test(text)) found.push(`${path} has a mark of unfinished work`);
  if (/^export (\*|\{[^}]*\}) from /m.test(text)) found.push(`${path} exports what is another's`);
  for (const { from, typeOnly } of importsOf(text)) {
    if (from.startsWith(".")) {
      const target = folderOf(normalize(join(dirname(path), from)));
      const allowed = FLOORS[folder]?.some((rule) =>
        typeof rule === "string" ? rule === target : typeOnly && rule.type === target,
      );
      if (target !== folder && target !== "" && allowed !== true) found.push(`${path} imports ${from}`);
      // The daemon uses the views of the arbiter, never its state.
      if (
        folder === "daemon" &&
        target === "arbiter" &&
        !/arbiter\/(arbiter|view|parking-view|policy-view|schedule-view)\.ts$/.test(from)
      )
        found.push(`${path} imports ${from}`);
      // It must be possible to replace the back end.
      if (/^cpufreq\/[^/]+$/.test(path) && from.startsWith("./linux/")) found.push(`${path} imports ${from}`);
    } else {
      if (PURE.includes(folder)) found.push(`${path} imports ${from}`);
      if (from === "bun:ffi" && folder !== "os") found.push(`${path} imports ${from}`);
    }
  }
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const kernelFile = KNOWS_KERNEL_FILES.test(path) ? null : KERNEL_FILES.exec(code);
  if (kernelFile !== null) found.push(`${path} knows ${kernelFile[0]}`);
  const wall = PROGRAMS.includes(folder) ? null : /\bDate\.now\b|new Date\(\)/.exec(code);
  if (wall !== null) found.push(`${path} reads the wall clock`);
  const worldly = PURE.includes(folder) ? WORLDLY.exec(code) : null;
  if (worldly !== null) found.push(`${path} uses ${worldly[1]}`);
  return found;
}

/** "channels" of "channels/name.ts", "main" of "main.ts", nothing for what is not source. */
function folderOf(path: string): string {
  if (!path.endsWith(".ts")) return "";
  const [first = ""] = path.split("/");
  return first.replace(/\.ts$/, "");
}

function importsOf(text: string): { from: string; typeOnly: boolean }[] {
  const statements = text.matchAll(
    /^import\s+(type\s)?[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...statements].map((match) => ({
    from: match[2] ?? match[3] ?? match[4] ?? "",
    typeOnly: match[1] !== undefined,
  }));
}

test("the sources are found, and every folder has its floor", () => {
  expect(SOURCES.length).toBeGreaterThan(100);
  expect(
    [...new Set(SOURCES.map(({ path }) => folderOf(path)))].filter((folder) => !(folder in FLOORS)),
  ).toEqual([]);
  expect(
    importsOf(SOURCES.find(({ path }) => path === "daemon/daemon.ts")?.text ?? "").length,
  ).toBeGreaterThan(15);
});

test("every file keeps the rules", () => {
  expect(SOURCES.flatMap(faults)).toEqual([]);
});

test("files are small", () => {
  const lines = SOURCES.map(({ text }) => text.split("\n").length - 1).sort((a, b) => a - b);
  expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(MEDIAN_LINES_MAX);
});

test("files of tests are small too, except for those that are tables", () => {
  const long = ["test", "interop", "bench"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name))
      .filter((path) => readFileSync(join(ROOT, path), "utf8").split("\n").length - 1 > LINES_MAX),
  );
  expect(long.sort()).toEqual(TABLES);
});

describe("planted faults are caught", () => {
  const planted: readonly (readonly [string, string, string])[] = [
    ["channels/x.ts", 'import { a } from "../cpufreq/a.ts";', "channels/x.ts imports ../cpufreq/a.ts"],
    ["channels/x.ts", 'import type { A } from "../arbiter/a.ts";', "channels/x.ts imports ../arbiter/a.ts"],
    ["arbiter/x.ts", 'import { decode } from "../wire/decode.ts";', "arbiter/x.ts imports ../wire/decode.ts"],
    ["wire/x.ts", 'import fs from "node:fs";', "wire/x.ts imports node:fs"],
    ["ledger/x.ts", 'import { a } from "../energy/a.ts";', "ledger/x.ts imports ../energy/a.ts"],
    ["energy/x.ts", 'import { a } from "../ledger/a.ts";', "energy/x.ts imports ../ledger/a.ts"],
    ["simulate/x.ts", 'import { a } from "../cpufreq/a.ts";', "simulate/x.ts imports ../cpufreq/a.ts"],
    ["daemon/x.ts", 'const a = await import("../guest/a.ts");', "daemon/x.ts imports ../guest/a.ts"],
    [
      "daemon/packet/x.ts",
      'import { resolve } from "../../arbiter/resolve.ts";',
      "daemon/packet/x.ts imports ../../arbiter/resolve.ts",
    ],
    ["admin/x.ts", 'import { dlopen } from "bun:ffi";', "admin/x.ts imports bun:ffi"],
    ["systemd/x.ts", 'import { dlopen } from "bun:ffi";', "systemd/x.ts imports bun:ffi"],
    ["os/x.ts", 'import { a } from "../cpufreq/a.ts";', "os/x.ts imports ../cpufreq/a.ts"],
    ["cockpit/x.ts", 'import { a } from "../admin/a.ts";', "cockpit/x.ts imports ../admin/a.ts"],
    ["cpufreq/x.ts", 'import { a } from "./linux/a.ts";', "cpufreq/x.ts imports ./linux/a.ts"],
    ["cpufreq/x.ts", 'export const a = "scaling_governor";', "cpufreq/x.ts knows scaling_g"],
    ["daemon/x.ts", "read(at, 'energy_performance_preference');", "daemon/x.ts knows energy_performance"],
    ["admin/x.ts", "export const now = Date.now();", "admin/x.ts reads the wall clock"],
    ["base/x.ts", "export const now = performance.now();", "base/x.ts uses performance."],
    ["arbiter/x.ts", "setTimeout(() => {}, 5);", "arbiter/x.ts uses setTimeout"],
    ["base/utils.ts", "", "base/utils.ts is not named for its noun"],
    ["ctl/x.ts", "// TODO", "ctl/x.ts has a mark of unfinished work"],
    ["ctl/x.ts", 'export * from "./y.ts";', "ctl/x.ts exports what is another's"],
    ["ctl/x.ts", "\n".repeat(251), "ctl/x.ts has 251 lines"],
  ];
  test.each(planted)("%s, fault %#", (path, text, fault) => {
    expect(faults({ path, text })).toEqual([fault]);
  });
});
