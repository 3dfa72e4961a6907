import { afterEach, expect, test } from "bun:test";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connectControl } from "../../src/admin/client.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const RULES = `[vm web1]
Vcpus=2
MaxKhz=2GHz
[vm db1]
Vcpus=3
[state eco]
MaxKhz=1.4GHz
Governor=powersave
[state night]
MaxKhz=1.2GHz
`;

const file = (cpu: number, name: string) => host.read(`cpu/cpufreq/policy${cpu}/${name}`).trim();
const speeds = () => [2, 3].map((cpu) => file(cpu, "scaling_setspeed"));
const state = (...args: string[]) => host.run("vmpowerctl", "state", ...args);

/** Both guests ask for the highest speed. */
async function busy(sections = RULES): Promise<void> {
  host = makeTestHost({ sections });
  const ports = [host.port("web1", 0), host.port("db1", 0)];
  await host.start();
  for (const port of ports) {
    await port.ready();
    await port.ask(scale(0, MAX), 464);
  }
}

test("a state comes before the VM's section and after set-contract, and none gives back what was", async () => {
  await busy();
  expect(speeds()).toEqual(["2000000", "2301000"]);
  expect(state("eco", "--reason", "heat")).toEqual({
    code: 0,
    out: "2 VMs, and all that will come, are in state eco\n",
    err: "",
  });
  expect(speeds()).toEqual(["1400000", "1400000"]);
  expect(host.run("vmpowerctl", "contract", "web1").out.replace(/\s+/g, " ")).toMatch(
    /MaxKhz 1\.4GHz \[state eco\], \S+test\.conf:7, by root \(uid 0, pid \d+\), [^:]+:\d\d:\d\d: heat/,
  );
  expect(host.run("vmpowerctl", "contract", "unborn").out).toContain("[state eco]");
  host.run("vmpowerctl", "set-contract", "web1", "MaxKhz=1.7GHz");
  expect(speeds()).toEqual(["1700000", "1400000"]);
  host.run("vmpowerctl", "unset-contract", "web1");
  expect(state("none").out).toContain("are in no state");
  expect(speeds()).toEqual(["2000000", "2301000"]);
  expect(host.read("state/operator.json")).not.toContain("eco");
  await until(() => / put VMs \* into state eco: heat\n/.test(host.log()));
}, 20_000);

test("a newer order counts before an older one, for a pattern too, and all outlive a restart", async () => {
  await busy();
  state("eco");
  state("night", "--vms", "web*");
  expect(speeds()).toEqual(["1200000", "1400000"]);
  state("none", "--vms", "db?");
  expect(speeds()).toEqual(["1200000", "2301000"]);
  const { states, orders } = host.ask("state") as unknown as {
    states: { name: string; vms: string[] }[];
    orders: { vms: string; state?: string }[];
  };
  expect(states.map(({ name, vms }) => [name, vms])).toEqual([
    ["eco", []],
    ["night", ["web1"]],
  ]);
  expect(orders.map(({ vms, state: name }) => [vms, name])).toEqual([
    ["db?", undefined],
    ["web*", "night"],
    ["*", "eco"],
  ]);
  await host.end("SIGTERM");
  await host.start();
  expect(host.run("vmpowerctl", "contract", "web1").out).toContain("[state night]");
  // The newest order for all replaces the others.
  state("eco");
  expect((host.ask("state")["orders"] as unknown[]).length).toBe(1);
}, 20_000);

test("a state that the configuration loses says nothing, and that is told", async () => {
  await busy();
  state("night");
  host.configure(RULES.replace("night", "day"));
  host.signal("SIGHUP");
  await until(() => host.log().includes("Reloaded"));
  expect(speeds()).toEqual(["2000000", "2301000"]);
  expect(host.run("vmpowerctl", "contract", "db1").out).toContain(
    'There is no state "night": it is left out',
  );
}, 20_000);

test("after a refusal of the kernel no VM is in another state", async () => {
  host = makeTestHost({ sections: RULES });
  // A link is not opened, so CPU 3 takes no governor.
  const governor = `${host.directory}/cpu/cpufreq/policy3/scaling_governor`;
  rmSync(governor);
  writeFileSync(`${host.directory}/governor`, "schedutil\n");
  symlinkSync(`${host.directory}/governor`, governor);
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MAX), 464);
  const { code, err } = state("eco");
  expect([code, err]).toEqual([1, expect.stringContaining("no VM was put into another state") as never]);
  expect(file(2, "scaling_setspeed")).toBe("2000000");
  expect([file(2, "scaling_governor"), host.read("governor").trim()]).toEqual(["userspace", "schedutil"]);
  expect(host.run("vmpowerctl", "contract", "web1").out).not.toContain("[state eco]");
  expect(host.read("state/operator.json")).not.toContain("eco");
}, 20_000);

test("what is no state and no pattern is refused", async () => {
  host = makeTestHost({ sections: RULES });
  await host.start();
  expect(state("ecco").err).toContain('There is no state "ecco"');
  expect(state("eco", "--vms", "a/b").err).toContain('No VM can be called "a/b"');
  for (let i = 0; i < 64; i++) expect(state("eco", "--vms", `x${i}`).code).toBe(0);
  expect(state("eco", "--vms", "y").err).toContain(
    "64 orders of states are in force already: vmpowerctl state none ends all of them",
  );
  host.configure("[state none]\nTurbo=no\n");
  const { code, err, out } = host.run("vm-power", "--check-config", "--config", host.configFile);
  expect(code).toBe(78);
  expect(`${out}${err}`).toContain("test.conf:2: No state can be called none");
}, 60_000);

test("500 VMs change within 100 ms", async () => {
  const cpus = Array.from({ length: 64 }, (_, cpu) => cpu);
  const vms = Array.from({ length: 500 }, (_, i) => `[vm vm${i}]\nVcpus=${i % 64},${(i + 7) % 64}\n`);
  host = makeTestHost({
    cpus: [{ cpus, driver: "acpi-cpufreq", khz: [2_000_000, 1_500_000, 1_000_000] }],
    sections: `${vms.join("")}[schedule all]\nVms=*\nWant=max\n[state eco]\nMaxKhz=1.5GHz\n`,
  });
  await host.start();
  await until(() => file(63, "scaling_setspeed") === "2000000");
  const client = await connectControl(host.socket, { timeoutMs: 5000 });
  const took: number[] = [];
  for (const order of [{ state: "eco" }, {}, { state: "eco" }]) {
    const from = performance.now();
    const { vms: changed } = await client.call("SetState", order);
    took.push(performance.now() - from);
    expect(changed.length).toBe(500);
  }
  client.close();
  expect(cpus.map((cpu) => file(cpu, "scaling_setspeed"))).toEqual(cpus.map(() => "1500000"));
  // The best of three: other tests may use the machine meanwhile.
  expect(Math.min(...took)).toBeLessThan(100);
}, 60_000);
