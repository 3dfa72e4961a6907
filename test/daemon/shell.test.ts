import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { DOWN, MAX, MIN, nack, type Port, packet, scale, UP } from "./port.ts";
import { openTerminal, type Session } from "./terminal.ts";
import { until } from "./until.ts";

/** Highest first, in the order of a guest's steps. */
const KHZ = [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000];

let host: TestHost;
let ports: Port[];
let shell: Session;

/** Two VMs as in the test plans: five vCPUs one to one on CPUs 1 to 5, and another VM on CPU 0. */
beforeEach(async () => {
  host = makeTestHost({
    cpus: [{ cpus: [0, 1, 2, 3, 4, 5], driver: "acpi-cpufreq", khz: KHZ }],
    sections: "[vm vm0]\nVcpus=1-5\n[vm vm1]\nVcpus=0\n",
  });
  ports = [0, 1, 2, 3, 4].map((number) => host.port("vm0", number));
  const other = host.port("vm1", 0);
  await host.start();
  await Promise.all([...ports, other].map((port) => port.ready()));
  shell = openTerminal(
    "vmpowerctl",
    ["--socket", `${host.directory}/run/control.sock`, "shell"],
    "vmpower> ",
  );
});

afterEach(async () => {
  shell.keys("\x04");
  await shell.ended();
  await host.remove();
});

async function khzOf(core: number): Promise<number> {
  const [line = ""] = await shell.type(`show_cpu_freq ${core}`);
  return Number(/^Core \d+ frequency: (\d+)$/.exec(line)?.[1]);
}

async function ask(vcpu: number, unit: number): Promise<void> {
  const request = scale(vcpu, unit);
  expect(await (ports[vcpu] as Port).ask(request, 464)).toEqual(request);
}

describe("the dialogue of the peer's test plans", () => {
  test("channels are set up: VP1", async () => {
    const paths = ports.map(({ path }) => path);
    expect(await shell.type("add_vm vm0")).toEqual([]);
    expect(await shell.type("add_channels vm0 all")).toEqual(["Added 5 channels for VM 'vm0'"]);
    expect(await shell.type("set_channel_status vm0 all enabled")).toEqual([
      "Updated status of 5 channels for VM 'vm0'",
    ]);
    expect(await shell.type("show_cpu_freq 1")).toEqual(["Core 1 frequency: 2301000"]);
    expect(await shell.type("show_vm vm0")).toEqual([
      "VM: 'vm0', status = ACTIVE",
      "Channels 5",
      ...paths.map((path, i) => `  [${i}]: ${path}, status = CONNECTED`),
      "Virtual CPU(s): 5",
      ...[1, 2, 3, 4, 5].map((pcpu, vcpu) => `  [${vcpu}]: Physical CPU ${pcpu}`),
    ]);
  });

  test("a guest steps down and up through the list, others stay: VP3, VP4", async () => {
    await shell.type("add_vm vm0");
    await shell.type("add_channels vm0 all");
    const others = async () => [await khzOf(0), await khzOf(2), await khzOf(5)];
    const before = await others();
    const seen = [await khzOf(1)];
    for (const unit of [DOWN, DOWN, DOWN, DOWN, DOWN, UP, UP, UP, UP, UP]) {
      await ask(0, unit);
      seen.push(await khzOf(1));
    }
    expect(seen).toEqual([...KHZ, ...KHZ.slice(0, -1).reverse()]);
    expect(await others()).toEqual(before);
  });

  test("a guest's min and max are the ends of the list: VP5, VP6", async () => {
    await shell.type("add_vm vm0");
    for (const vcpu of [0, 4]) {
      await ask(vcpu, MIN);
      expect(await khzOf(vcpu + 1)).toBe(1_200_000);
      await ask(vcpu, MAX);
      expect(await khzOf(vcpu + 1)).toBe(2_301_000);
    }
  });

  test("a VM is removed once it is off, the other works on: VP7", async () => {
    for (const vm of ["vm0", "vm1"]) {
      await shell.type(`add_vm ${vm}`);
      await shell.type(`add_channels ${vm} all`);
    }
    expect(await shell.type("rm_vm vm0")).toEqual([
      "there are 5 channels still active",
      "Unable to remove VM 'vm0'",
    ]);
    for (const port of ports) port.close();
    await until(() => (host.ask("show-vm", "vm0") as { vm: { channels: [] } }).vm.channels.length === 0);
    expect(await shell.type("rm_vm vm0")).toEqual([]);
    expect(await shell.type("show_vm vm0")).toEqual(['There is no VM "vm0": vmpowerctl list shows all VMs']);
    expect((await shell.type("show_vm vm1"))[0]).toBe("VM: 'vm1', status = ACTIVE");
  });

  test("impossible requests get a NACK, and a disabled channel is not served: BC1", async () => {
    await shell.type("add_vm vm0");
    const [first] = ports as [Port];
    expect(await first.ask(scale(7, DOWN), 464)).toEqual(nack(scale(7, DOWN)));
    expect(await shell.type("set_channel_status vm0 0,1 disabled")).toEqual([
      "Updated status of 2 channels for VM 'vm0'",
    ]);
    expect((await shell.type("show_vm vm0"))[2]).toBe(`  [0]: ${first.path}, status = DISABLED`);
    first.send(scale(0, MIN));
    expect(await khzOf(1)).toBe(2_301_000);
    await shell.type("set_channel_status vm0 0 enabled");
    await ask(0, MIN);
    expect(await khzOf(1)).toBe(1_200_000);
  });

  test("queries get replies after set_query enable, and none after disable: BC2", async () => {
    await shell.type("add_vm vm0");
    const query = packet(464, 0, 0, 7);
    expect(await shell.type("set_query vm0 enable")).toEqual([]);
    expect(await (ports[0] as Port).ask(query, 88)).toHaveLength(88);
    expect(await shell.type("set_query vm0 disable")).toEqual([]);
    (ports[1] as Port).send(query);
    expect(await (ports[1] as Port).silence()).toHaveLength(0);
  });

  test("an operator sets a CPU, and gets the failures", async () => {
    for (const [order, khz] of [
      ["min", 1_200_000],
      ["up", 1_400_000],
      ["max", 2_301_000],
      ["disable_turbo", 2_300_000],
      ["enable_turbo", 2_301_000],
      ["down", 2_300_000],
    ] as const) {
      expect([order, await shell.type(`set_cpu_freq 3 ${order}`)]).toEqual([order, []]);
      expect([order, await khzOf(3)]).toEqual([order, khz]);
    }
    expect((await shell.type("set_cpu_freq 77 max")).at(-1)).toBe("Error scaling core(77) 'max'");
    expect((await shell.type("show_cpu_freq 77")).at(-1)).toBe("Unable to get frequency for core 77");
  });
});

test("wrong input of a test plan ends nothing: NE3 (R14)", async () => {
  expect(await shell.type("add_vm vm0")).toEqual([]);
  expect(await shell.type("add_channels vm0 128")).toEqual([
    "Channel number '128' exceeds the maximum number of allowable channels(128) for VM 'vm0'",
  ]);
  expect(await shell.type("add_channels vm0 10000000000000000")).toEqual([
    "Channel number '10000000000000000' exceeds the maximum number of allowable channels(128) for VM 'vm0'",
  ]);
  expect(await shell.type("set_channel_status vm0 10000000000000000 disabled")).toEqual([
    "10000000000000000 exceeds the maximum number of allowable channels(128) for VM 'vm0'",
  ]);
  expect(await shell.type("add_chanels vm0 all")).toEqual(["Command not found"]);
  for (const core of ["256", "1000000000000", "-1", "1 2", ""])
    expect([core, await shell.type(`show_cpu_freq ${core}`)]).toEqual([core, ["Bad arguments"]]);
  expect((await shell.type("show_vm vm0"))[0]).toBe("VM: 'vm0', status = ACTIVE");
});

test("Tab completes commands and VMs, arrow keys recall, and the daemon can restart", async () => {
  await until(() => shell.shown().endsWith("vmpower> "));
  for (const [keys, shown] of [
    ["show_v\t", "show_vm "],
    ["vm1\t", "show_vm vm1 "],
  ] as const) {
    shell.keys(keys);
    await until(() => shell.shown().endsWith(shown));
  }
  shell.keys("\n");
  await until(() => shell.shown().endsWith("vmpower> "));
  expect(shell.shown()).toContain("VM: 'vm1', status = ACTIVE\n");
  expect(await shell.type("\x1b[A")).toContain("VM: 'vm1', status = ACTIVE");
  // As in DPDK's program: "?" is not inserted, it shows what may come next.
  shell.keys("set_query vm1 ?");
  await until(() =>
    shell
      .shown()
      .endsWith(" disable [Mul-choice STRING]: set_query <vm_name> enable|disable\nvmpower> set_query vm1 "),
  );
  shell.keys("enable\n");
  await until(() => /vmpower> set_query vm1 enable\s+vmpower> $/.test(shell.shown()));
  await host.end("SIGTERM");
  const [why, ...rest] = await shell.type("show_cpu_freq 1");
  expect(why).toStartWith("vm-power is not running (");
  expect(rest).toEqual(["Unable to get frequency for core 1"]);
  await host.start();
  expect(await shell.type("show_cpu_freq 1")).toEqual(["Core 1 frequency: 2301000"]);
  shell.keys("quit\n");
  expect(await shell.ended()).toBe(0);
}, 10_000);

test("from a pipe it shows its prompt and the answers, and ends with the input", () => {
  const { code, out, err } = host.run("vmpowerctl", "shell");
  expect({ code, out, err }).toEqual({ code: 0, out: "vmpower> \n", err: "" });
  const ctl = join(import.meta.dir, "../../dist/vmpowerctl");
  const typed = Bun.spawnSync([ctl, "--socket", `${host.directory}/run/control.sock`, "shell"], {
    stdin: Buffer.from("set_cpu_freq 1 min\r\nshow_cpu_freq 1\nfoo"),
  });
  expect(typed.stdout.toString()).toBe(
    "vmpower> vmpower> Core 1 frequency: 1200000\nvmpower> Command not found\nvmpower> \n",
  );
});
