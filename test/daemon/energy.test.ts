import { afterEach, expect, test } from "bun:test";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { until } from "./until.ts";

let host: TestHost;
let counting: Timer | undefined;
let uj = 5_000_000_000;
afterEach(async () => {
  clearInterval(counting);
  await host.remove();
});

interface Reply {
  readonly meters: readonly string[];
  readonly joules: number;
  readonly meteredJoules: number;
  readonly idleJoules: number;
  readonly hostJoules: number;
  readonly savedUnknown?: string;
  readonly vms: readonly { readonly vm: string; readonly joules: number }[];
}

const energy = (...more: readonly string[]) => host.ask("energy", ...more) as unknown as Reply;

function write(name: string, text: string): void {
  const path = join(host.directory, name);
  mkdirSync(dirname(path), { recursive: true });
  // The kernel's files are never read in part, as one that is being written could be.
  writeFileSync(`${path}.new`, `${text}\n`);
  renameSync(`${path}.new`, path);
}

/** A host with one package that counts 100 W, and a VM on two of its CPUs. */
async function metered(more = ""): Promise<void> {
  host = makeTestHost();
  const where = `Powercap=${host.directory}/powercap\nHwmon=${host.directory}/hwmon\nInterval=1\n`;
  host.configure(`[vm web1]\nVcpus=1,2\n[energy]\n${where}${more}`);
  write("powercap/intel-rapl:0/name", "package-0");
  write("powercap/intel-rapl:0/max_energy_range_uj", "262143328850");
  count(100_000);
  await host.start();
}

/** Adds microjoules each millisecond that passes. */
function count(ujPerMs: number): void {
  const atOnce = () => write("powercap/intel-rapl:0/energy_uj", `${Math.round(uj)}`);
  let lastMs = performance.now();
  atOnce();
  counting = setInterval(() => {
    const nowMs = performance.now();
    uj += ujPerMs * (nowMs - lastMs);
    lastMs = nowMs;
    atOnce();
  }, 20);
}

const sumOf = ({ idleJoules, hostJoules, vms }: Reply) =>
  vms.reduce((sum, { joules }) => sum + joules, idleJoules + hostJoules);

test("measured joules are shared out, and each reply says that they were measured", async () => {
  const startUj = uj;
  await metered();
  await until(() => energy().joules > 250, 10_000);
  const reply = energy();
  expect(reply.joules).toBeLessThan((uj - startUj) / 1e6 + 1);
  expect(Math.abs(sumOf(reply) / reply.joules - 1)).toBeLessThan(0.001);
  expect([reply.meters, reply.meteredJoules]).toEqual([["package-0"], reply.joules]);
  expect(reply.vms.map(({ vm, joules }) => [vm, joules > 0])).toEqual([["web1", true]]);
  expect(reply.savedUnknown).toContain("1 of at least 12");
  const metrics = host.run("vmpowerctl", "metrics").out;
  expect(metrics).toMatch(/^vmpower_host_energy_joules_total \d/m);
  expect(metrics).toMatch(/^vmpower_vm_energy_joules_total\{vm="web1"\} \d/m);
  expect(metrics).toContain("vmpower_energy_meters 1\n");
  expect(host.run("vmpowerctl", "energy").out).toContain("metered by package-0");
});

test("the account goes on over kill -9, and over a restart: what was used meanwhile is in it", async () => {
  const startUj = uj;
  await metered();
  await until(() => energy().joules > 150, 10_000);
  await host.end("SIGTERM");
  const before = host.read("state/energy.jsonl");
  expect(before.split("\n")[0]).toContain('"counters":{"package-0":');
  await host.start();
  await until(() => energy().joules > 400, 10_000);
  // Nothing was written since the start, so the account of before is continued.
  await host.end("SIGKILL");
  await Bun.sleep(300);
  await host.start();
  const told = () => (uj - startUj) / 1e6;
  await until(() => energy().joules > 500, 10_000);
  // The last interval is still to come, and two files are read while this one is written.
  expect(energy().joules).toBeLessThanOrEqual(told());
  expect(energy().joules).toBeGreaterThan(told() - 250);
});

test("a host without a meter has a modelled account, and says so everywhere", async () => {
  host = makeTestHost();
  const where = `Powercap=${host.directory}/nothing\nHwmon=${host.directory}/nothing\nInterval=1\n`;
  host.configure(`[vm web1]\nVcpus=1,2\n[energy]\n${where}`);
  await host.start();
  await until(() => energy().joules > 0, 20_000);
  const reply = energy("--since", "10m");
  expect([reply.meters, reply.meteredJoules]).toEqual([[], 0]);
  expect(Math.abs(sumOf(reply) / reply.joules - 1)).toBeLessThan(0.001);
  expect(reply.savedUnknown).toBe("the host has no meter to fit the model with");
  expect(host.run("vmpowerctl", "energy").out).toContain("modelled only, because this host has no meter");
  const metrics = host.run("vmpowerctl", "metrics").out;
  expect(metrics).toContain("vmpower_energy_meters 0\n");
  expect(metrics).toContain("vmpower_host_energy_metered_joules_total 0\n");
  expect(host.run("vmpowerctl", "energy", "--vm", "nobody").code).toBe(10);
});

test("Meters=off keeps no account, and reads nothing", async () => {
  await metered("Meters=off\n");
  const { code, err } = host.run("vmpowerctl", "energy");
  expect([code, err]).toEqual([
    1,
    "No account of energy is kept (Meters=off): set Meters=auto in [energy] and restart vm-power\n",
  ]);
  expect(host.run("vmpowerctl", "metrics").out).not.toContain("energy");
  await host.end("SIGTERM");
  expect(host.read("state/energy.jsonl")).toBe("");
});

test("a file that is no account is moved aside, and the account begins anew", async () => {
  host = makeTestHost();
  host.configure(`[vm web1]\nVcpus=1\n[energy]\nInterval=1\n`);
  write("state/energy.jsonl", '{"version":1}');
  await host.start();
  expect(host.log()).toContain("it is no account of energy");
  expect(host.read("state/energy.jsonl.bad")).toBe('{"version":1}\n');
  expect(energy().joules).toBeGreaterThanOrEqual(0);
});
