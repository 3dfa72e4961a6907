import { afterEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, QUICK_BEATS, type TestHost } from "./host.ts";
import { MIN, nack, type Port, scale, TURBO } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

async function asked(sections: string): Promise<Port> {
  host = makeTestHost({ sections: `[vm web1]\nVcpus=1,2\nTurbo=no\n${sections}`, env: QUICK_BEATS });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  expect(await port.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
  expect(await port.ask(scale(1, TURBO), 464)).toEqual(nack(scale(1, TURBO)));
  return port;
}

test("verify ends with 20 if another program changed a CPU, and why shows the change", async () => {
  await asked("[cpufreq]\nOnDrift=yield\n");
  expect(host.run("vmpowerctl", "verify")).toMatchObject({ code: 0, err: "" });
  host.tree.write(1, "scaling_setspeed", "2000000");
  const { code, out } = host.run("vmpowerctl", "verify", "--json");
  expect(code).toBe(20);
  const { cpus } = JSON.parse(out) as { cpus: { pcpu: number; ok: boolean }[] };
  expect(cpus.length).toBe(6);
  expect(cpus.filter(({ ok }) => !ok)).toMatchObject([
    {
      pcpu: 1,
      should: "1200000",
      khz: 1_200_000,
      wrong: [{ file: "cpu1/cpufreq/scaling_setspeed", should: "1200000", does: "2000000" }],
      reason: "another program changed it",
    },
  ]);
  await until(() => host.log().includes("it is left as it is"));
  expect(host.ask("why", "cpu1")["drift"]).toMatchObject({
    file: "cpu1/cpufreq/scaling_setspeed",
    ours: "1200000",
    found: "2000000",
    outcome: "yielded",
  });
  expect(host.run("vmpowerctl", "verify").code).toBe(20);
}, 15_000);

test("verify says when a limit of the host keeps a CPU slower, and does not promise to write it", async () => {
  await asked("");
  expect(host.run("vmpowerctl", "set-cpu-freq", "1", "max").code).toBe(0);
  host.tree.write(1, "scaling_max_freq", "2000000");
  const { code, out } = host.run("vmpowerctl", "verify", "--json");
  expect(code).toBe(20);
  const { cpus } = JSON.parse(out) as { cpus: { ok: boolean }[] };
  expect(cpus.filter(({ ok }) => !ok)).toMatchObject([
    {
      pcpu: 1,
      wrong: [{ file: "cpu1/cpufreq/scaling_max_freq", should: "at least 2301000", does: "2000000" }],
      reason: "a limit of the host keeps it at another speed",
      remedy:
        "vm-power leaves this limit alone: the program that set it can lift it, or cpupower frequency-set (on Xen: xenpm)",
    },
  ]);
});

test("with OnDrift=yield another program's setting stays until the next request, even for the same speed", async () => {
  const port = await asked("[cpufreq]\nOnDrift=yield\n");
  const asks = {
    guest: async () => expect(await port.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN)),
    operator: async () => expect(host.run("vmpowerctl", "set-cpu-freq", "1", "min").code).toBe(0),
  };
  for (const [count, who] of (["guest", "operator"] as const).entries()) {
    host.tree.write(1, "scaling_setspeed", "2000000");
    await until(() => host.log().split("it is left as it is").length === count + 2);
    // CPUs without requests do not change, nor does time.
    host.signal("SIGHUP");
    await until(() => host.log().split("Reloaded").length === count + 2);
    host.run("vmpowerctl", "verify");
    expect(host.tree.read(1, "scaling_setspeed")).toBe("2000000");
    await asks[who]();
    expect(host.tree.read(1, "scaling_setspeed")).toBe("1200000");
  }
}, 30_000);

test("why of a vCPU shows its request, the refused one, and the rule that bounds it", async () => {
  await asked("[vm web2]\nVcpus=1\n");
  const [first, second] = ["web1:0", "web1:1"].map((vcpu) => host.ask("why", vcpu));
  expect(first).toMatchObject({
    vm: "web1",
    vcpu: { vcpu: 0, pcpus: [1], claim: { khz: 1_200_000, asked: "min" } },
    clocks: [{ rule: "web2:0 runs here and never asked, so it keeps the baseline", cpu: { pcpu: 1 } }],
  });
  expect(second).toMatchObject({
    vcpu: { vcpu: 1, refused: { asked: "turbo", reason: "its contract forbids turbo" } },
    clocks: [{ rule: "nobody claims this CPU, so its own settings hold" }],
  });
  expect(host.run("vmpowerctl", "why", "web1:2")).toEqual({
    code: 10,
    out: "",
    err: 'VM "web1" has no vCPU 2: vmpowerctl show-vm web1 shows its vCPUs\n',
  });
  expect(host.run("vmpowerctl", "why", "nix:0").code).toBe(10);
});

test("verify ends with 20 on a host whose CPUs have no cpufreq, and the start warns of it", async () => {
  host = makeTestHost();
  for (const cpu of [0, 1, 2, 3, 4, 5]) rmSync(join(host.directory, `cpu/cpu${cpu}/cpufreq`));
  await host.start();
  expect(host.log()).toContain(
    `Root="${host.directory}/cpu": no CPU has cpufreq, so no clock can be changed`,
  );
  expect(host.run("vmpowerctl", "verify")).toEqual({
    code: 20,
    out: "No CPU is managed: vmpowerctl doctor tells why\n",
    err: "",
  });
});
