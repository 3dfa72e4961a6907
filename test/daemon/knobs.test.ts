import { afterEach, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const CPUS = [
  { cpus: [0, 1], driver: "intel_cpufreq", khz: [3_500_000, 800_000], baseKhz: 2_300_000 },
  { cpus: [2], driver: "acpi-cpufreq", khz: [2_000_000, 1_000_000] },
] as const;

const VMS = "[vm web1]\nVcpus=0\n[vm db1]\nVcpus=1,2\n";
const ECO = "[vm *]\nEpp=power\nGovernor=powersave,schedutil\n[vm d?1]\nResumeLatencyUs=0\n";

function state(cpu: number): (string | undefined)[] {
  const policy = (file: string) => host.read(`cpu/cpufreq/policy${cpu}/${file}`).trim();
  return [
    policy("energy_performance_preference"),
    policy("scaling_governor"),
    host.read(`cpu/cpu${cpu}/power/pm_qos_resume_latency_us`).trim(),
  ];
}

test("contracts set knobs at the start and by a reload, also by an operator, and all is put back", async () => {
  host = makeTestHost({ cpus: CPUS, sections: VMS + ECO });
  const port = host.port("web1", 0);
  const before = [0, 1, 2].map(state);
  expect(before[0]).toEqual(["balance_performance", "schedutil", "0"]);
  await host.start();
  await until(() => state(0)[0] === "power");
  expect([0, 1, 2].map(state)).toEqual([
    ["power", "powersave", "0"],
    ["power", "powersave", "n/a"],
    ["", "powersave", "n/a"],
  ]);
  await until(() => host.log().includes("Epp=power: the kernel offers no energy preference"));
  expect(host.run("vmpowerctl", "verify").code).toBe(0);
  // A request takes the governor, and gives it back.
  await port.ready();
  await port.ask(scale(0, MIN), 464);
  expect(state(0)).toEqual(["power", "userspace", "0"]);
  expect(host.run("vmpowerctl", "verify").code).toBe(0);
  host.run("vmpowerctl", "set-contract", "web1", "Epp=performance", "ResumeLatencyUs=30");
  expect(state(0)).toEqual(["performance", "userspace", "30"]);
  expect(host.run("vmpowerctl", "contract", "web1").out).toMatch(
    /^Governor +powersave,schedutil +\[vm \*\]/m,
  );
  expect(host.run("vmpowerctl", "why", "0").out).toContain(
    "Epp=performance, ResumeLatencyUs=30, Governor=powersave,schedutil",
  );
  expect(host.run("vmpowerctl", "why", "2").out.replace(/\s+/g, " ")).toContain("not Epp=power: the kernel");
  expect(host.run("vmpowerctl", "show-vm", "db1").out.replace(/\s+/g, " ")).toContain(
    "energy preference power, CPUs that never sleep, governor powersave/schedutil",
  );
  host.run("vmpowerctl", "unset-contract", "web1");
  host.configure(`${VMS}[vm *]\nResumeLatencyUs=5\n`);
  host.signal("SIGHUP");
  await until(() => host.log().includes("Reloaded"));
  expect([0, 1, 2].map(state)).toEqual([
    ["balance_performance", "userspace", "5"],
    ["balance_performance", "schedutil", "5"],
    ["", "schedutil", "5"],
  ]);
  await host.end("SIGTERM");
  expect([0, 1, 2].map(state)).toEqual(before);
}, 30_000);

test("after a kill the next start holds the same knobs, and its end restores the host's own", async () => {
  host = makeTestHost({ cpus: CPUS, sections: VMS + ECO });
  const before = [0, 1, 2].map(state);
  await host.start();
  await until(() => state(0)[0] === "power");
  await host.end("SIGKILL");
  expect(state(1)).toEqual(["power", "powersave", "n/a"]);
  await host.start();
  await until(() => state(1)[0] === "power");
  await host.end("SIGTERM");
  expect([0, 1, 2].map(state)).toEqual(before);
}, 30_000);

test("bounds of an uncore hold for the package: the highest of both VMs, while both ask for one", async () => {
  host = makeTestHost({
    cpus: CPUS,
    sections: `${VMS}UncoreMaxKhz=1.6GHz\n[vm *]\nUncoreMaxKhz=1.2GHz\n`,
  });
  const cpu = (file: string) => join(host.directory, "cpu", file);
  const place = "intel_uncore_frequency/package_00_die_00";
  mkdirSync(cpu(place), { recursive: true });
  for (const name of ["min", "initial_min"]) writeFileSync(cpu(`${place}/${name}_freq_khz`), "800000\n");
  for (const name of ["max", "initial_max"]) writeFileSync(cpu(`${place}/${name}_freq_khz`), "2400000\n");
  for (const n of [0, 1, 2]) {
    writeFileSync(cpu(`cpu${n}/topology/physical_package_id`), "0\n");
    writeFileSync(cpu(`cpu${n}/topology/package_cpus_list`), "0-2\n");
  }
  const max = () => host.read(`cpu/${place}/max_freq_khz`).trim();
  await host.start();
  await until(() => max() === "1600000");
  expect(host.run("vmpowerctl", "why", "0").out).toContain("UncoreMaxKhz=1600000");
  host.run("vmpowerctl", "set-contract", "web1", "UncoreMaxKhz=none");
  expect(max()).toBe("2400000");
  expect(host.run("vmpowerctl", "verify").code).toBe(0);
  host.run("vmpowerctl", "unset-contract", "web1");
  expect(max()).toBe("1600000");
  expect(host.run("vmpowerctl", "show-vm", "web1").out).toContain("uncore at most 1.200 GHz");
  await host.end("SIGTERM");
  expect(max()).toBe("2400000");
});

test("wrong knobs are errors with what is meant", () => {
  host = makeTestHost({
    sections: "[vm a]\nEpp=balanced\nResumeLatencyUs=never\nGovernor=power save!\n",
  });
  const { code, err, out } = host.run("vm-power", "--check-config", "--config", host.configFile);
  expect([code, `${out}${err}`.match(/test\.conf:\d+: [^\n]*/g)]).toEqual([
    78,
    [
      'test.conf:2: Epp="balanced" is not one of performance, balance_performance, balance_power, power, none',
      'test.conf:3: ResumeLatencyUs="never" is not a whole number from 0 to 1000000 (µs), or none',
      'test.conf:4: Governor="power save!" is not 1 to 8 governors like powersave,schedutil, or none',
    ],
  ]);
});
