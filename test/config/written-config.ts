import fc from "fast-check";
import type { Config, VmConfig } from "../../src/config/config.ts";
import type { Parked } from "../../src/config/knob-values.ts";
import type { Held } from "./harness.ts";

const cpus = fc.array(fc.nat(8191), { minLength: 1, maxLength: 20 });

const path = fc
  .array(
    fc
      .stringMatching(/^[\w .#;=[\]-]{1,12}$/)
      .filter((name) => name.trim() === name && !/^\.{1,2}$/.test(name)),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) => `/${parts.join("/")}`);

const user = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,10}$/);

const percent = (min: number, max: number) => fc.integer({ min, max }).map((percent) => ({ percent }));

const vm: fc.Arbitrary<VmConfig> = fc.record({
  vcpus: fc.option(cpus, { nil: undefined }),
  // Classes are sections of their own.
  class: fc.constant(undefined),
  minKhz: fc.option(fc.oneof(fc.integer({ min: 10_000, max: 1_000_000 }), percent(0, 50)), {
    nil: undefined,
  }),
  maxKhz: fc.option(fc.oneof(fc.integer({ min: 1_000_000, max: 9_000_000 }), percent(50, 100)), {
    nil: undefined,
  }),
  emulatorMinKhz: fc.option(fc.oneof(fc.integer({ min: 10_000, max: 9_000_000 }), percent(0, 100)), {
    nil: undefined,
  }),
  operations: fc.subarray(["up", "down", "min", "max", "turbo", "no-turbo"]),
  policies: fc.subarray(["time", "workload", "traffic"]),
  turbo: fc.boolean(),
  query: fc.boolean(),
  energy: fc.boolean(),
  requestsPerSecond: fc.integer({ min: 1, max: 1_000_000 }),
  burst: fc.integer({ min: 1, max: 1_000_000 }),
  minDwellMs: fc.integer({ min: 0, max: 60_000 }),
  leaseSec: fc.integer({ min: 0, max: 604_800 }),
  epp: fc.constantFrom(undefined, "performance", "balance_power", "none"),
  resumeLatencyUs: fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: undefined }),
  uncoreMinKhz: fc.option(fc.integer({ min: 10_000, max: 9_000_000 }), { nil: undefined }),
  uncoreMaxKhz: fc.option(fc.integer({ min: 10_000, max: 9_000_000 }), { nil: undefined }),
  governor: fc.constantFrom<VmConfig["governor"][]>(
    undefined,
    "none",
    ["schedutil"],
    ["powersave", "schedutil"],
  ),
  physicalCores: fc.boolean(),
  dryRun: fc.boolean(),
  attachAtStart: fc.boolean(),
  abi: fc.constantFrom<VmConfig["abi"][]>("auto", 16, 456, 460, 464),
});

export const config: fc.Arbitrary<Held> = fc.record({
  daemon: fc
    .record({
      controlSocket: path,
      monitorSocket: path,
      monitorAccess: fc.constantFrom("group", "everyone", "off"),
      runtimeDirectory: path,
      stateDirectory: path,
      historyMegabytes: fc.integer({ min: 0, max: 1024 }),
      logLevel: fc.constantFrom("error", "warning", "notice", "info", "debug"),
    })
    .filter(({ controlSocket, monitorSocket }) => controlSocket !== monitorSocket),
  channels: fc.record({
    directory: path,
    autoAdd: fc.boolean(),
    trustedUsers: fc.uniqueArray(user, { minLength: 1, maxLength: 5 }),
    strictDirectory: fc.boolean(),
    fifos: fc.boolean(),
  }),
  cpufreq: fc.record({
    root: path,
    managedCpus: fc.oneof(
      fc.constant("all" as const),
      cpus.map((list) => [...new Set(list)].sort((a, b) => a - b)),
    ),
    reserved: fc.option(
      cpus.filter((list) => list.length > 0).map((list) => [...new Set(list)].sort((a, b) => a - b)),
      { nil: undefined },
    ),
    parked: fc.constantFrom<Parked[]>("keep", "min", {
      governors: ["powersave", "schedutil"],
    }),
    parkAfterSec: fc.integer({ min: 1, max: 86_400 }),
    multiPin: fc.constantFrom("all", "last", "reject"),
    multiPinMax: fc.integer({ min: 1, max: 1024 }),
    onExit: fc.constantFrom("restore", "keep", "max"),
    onDrift: fc.constantFrom("reassert", "yield"),
    dryRun: fc.boolean(),
  }),
  hypervisor: fc.record({
    driver: fc.constantFrom("libvirt", "static"),
    uri: fc.constantFrom("qemu:///system", "xen:///system", "test:///default"),
    socket: fc.option(path, { nil: undefined }),
    metadata: fc.boolean(),
    containers: fc.boolean(),
  }),
  metrics: fc.record({
    textfile: fc.option(path, { nil: undefined }),
    interval: fc.integer({ min: 1, max: 3600 }),
    listen: fc.option(
      fc.record({
        hostname: fc.constantFrom("127.0.0.1", "localhost"),
        port: fc.integer({ min: 1, max: 65_535 }),
      }),
      { nil: undefined },
    ),
    allowRemote: fc.boolean(),
  }),
  energy: fc.record({
    meters: fc.constantFrom<Config["energy"]["meters"][]>("auto", "off", ["package-0", "power_meter/power1"]),
    powercap: path,
    hwmon: path,
    interval: fc.integer({ min: 1, max: 300 }),
  }),
  schedule: fc.record({
    timeZone: fc.option(fc.constantFrom("UTC", "Europe/Berlin"), { nil: undefined }),
  }),
  vms: fc
    .dictionary(fc.stringMatching(/^[\w.#;=[\]é日-][\w .#;=[\]é日-]{0,20}[\w.]$/), vm, {
      maxKeys: 5,
      noNullPrototype: true,
    })
    .map((vms) => new Map(Object.entries(vms))),
});

/** Protects characters that would begin a comment, in one of two ways. */
function shielded(value: string): string {
  if (!/[;#\\]/.test(value)) return value;
  return value.length % 2 === 0 ? JSON.stringify(value) : value.replace(/[;#\\]/g, "\\$&");
}

/** Writes a configuration as an operator would, by the documented rules for names and values only. */
export function write({ vms, ...sections }: Held): string {
  const lines: string[] = [];
  const all = [
    ...Object.entries(sections),
    ...[...vms].map(([name, values]) => [`vm ${name}`, values] as const),
  ];
  for (const [section, values] of all) {
    lines.push(`[${section}]`);
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const shown =
        typeof value === "boolean"
          ? value
            ? "yes"
            : "no"
          : Array.isArray(value)
            ? value.join(",") || "none"
            : typeof value === "object" && value !== null
              ? "percent" in value
                ? `${value.percent}%`
                : "governors" in value
                  ? `governor ${value.governors.join(",")}`
                  : `${value.hostname}:${value.port}`
              : value;
      lines.push(`${name.charAt(0).toUpperCase()}${name.slice(1)}=${shielded(`${shown}`)}`);
    }
  }
  return lines.join("\n");
}
