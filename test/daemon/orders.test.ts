import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { RealLibvirtd, whyNoLibvirtd } from "../hypervisor/real-libvirtd.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

const why = whyNoLibvirtd();

const URI = "test:///default";

function domainXml(channels: string): string {
  const channel = (n: number) => `<channel type='unix'><source mode='bind' path='${channels}/web1.${n}'/>
    <target type='virtio' name='virtio.serial.port.poweragent.${n}'/></channel>`;
  return `<domain type='test'><name>web1</name><memory>1024</memory><vcpu current='2'>3</vcpu>
    <cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='3'/></cputune>
    <os><type>hvm</type></os><devices>${channel(0)}${channel(1)}</devices></domain>`;
}

const skipped = why === undefined ? "" : ` (skipped: ${why})`;

describe.skipIf(why !== undefined)(`orders to the hypervisor${skipped}`, () => {
  let host: TestHost;
  let libvirtd: RealLibvirtd;
  const run = (command: string) => host.run("vmpowerctl", ...command.split(" "));
  const speed = (cpu: number) =>
    host.tree.read(cpu, "scaling_governor") === "userspace"
      ? host.tree.read(cpu, "scaling_setspeed")
      : "found";

  beforeAll(async () => {
    host = makeTestHost();
    libvirtd = new RealLibvirtd({ directory: join(host.directory, "libvirt"), uri: URI });
    const socket = libvirtd.socket.replace(/-ro$/, "");
    host.configure(`[hypervisor]\nDriver=libvirt\nUri=${URI}\nSocket=${socket}\n`);
    await libvirtd.start();
    writeFileSync(join(host.directory, "web1.xml"), domainXml(host.channels));
    // The test driver forgets everything when its last client disconnects, so the daemon connects first.
    await host.start();
    await until(() => host.run("vmpowerctl", "vcpus", "test").code === 0);
    await libvirtd.must("create", join(host.directory, "web1.xml"));
  }, 20_000);

  afterAll(async () => {
    await libvirtd.stop();
    await host.remove();
  }, 20_000);

  test("a claim follows a pin before the command ends", async () => {
    const port = host.port("web1", 0);
    await port.ready();
    await until(() => host.run("vmpowerctl", "why", "web1:0").code === 0);
    expect(await port.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
    expect([1, 2].map(speed)).toEqual(["1200000", "found"]);
    expect(run("pin-vcpu web1 0 2")).toEqual({ code: 0, out: "vCPU 0 of VM web1 runs on CPU 2\n", err: "" });
    expect([1, 2].map(speed)).toEqual(["found", "1200000"]);
    expect(run("pin-vcpu web1 0 0x2")).toMatchObject({ code: 0 });
    expect([1, 2].map(speed)).toEqual(["1200000", "found"]);
  });

  test("vCPUs are shown, removed and added", () => {
    expect(host.ask("vcpus", "web1")).toMatchObject({
      vcpus: [
        { vcpu: 0, state: "running", pcpus: [1] },
        { vcpu: 1, state: "running", pcpus: [3] },
        { vcpu: 2, state: "offline" },
      ],
    });
    expect(run("set-vcpus web1 3 --live")).toEqual({
      code: 0,
      out: "VM web1 has 3 vCPUs, until it stops\n",
      err: "",
    });
    expect((host.ask("vcpus", "web1") as { vcpus: { state: string }[] }).vcpus[2]?.state).toBe("running");
  });

  test("channels are described, shown as a difference, and added to the definition", async () => {
    const { missing, text } = host.ask("channel-config", "test") as { missing: number[]; text: string };
    expect(missing).toEqual([0, 1]);
    expect(text).toContain(`<source mode='bind' path='${host.channels}/test.1'/>`);
    expect(run("channel-config test --apply")).toMatchObject({
      code: 1,
      out: expect.stringContaining("+ <channel type='unix'>\n"),
      err: "Nothing was changed\n",
    });
    expect(await libvirtd.must("dumpxml", "--inactive", "test")).not.toContain("poweragent");
    expect(run("channel-config test --apply --yes")).toMatchObject({
      code: 0,
      out: expect.stringContaining("2 channels added: they are there from the next start of test on\n"),
    });
    expect(await libvirtd.must("dumpxml", "--inactive", "test")).toContain("virtio.serial.port.poweragent.1");
    expect(run("channel-config test --apply")).toEqual({
      code: 0,
      out: "VM test has all its channels: 0-1\n",
      err: "",
    });
    // web1 was created without a definition, and nix does not exist.
    expect(run("channel-config web1 --apply --yes --vcpus 2").code).toBe(10);
    expect(run("channel-config nix").code).toBe(10);
  });

  test("a refusal has the hypervisor's words, and something that does not exist gives 10", () => {
    const { code, err } = run("set-vcpus web1 99 --live");
    expect([code, err]).toEqual([1, expect.stringMatching(/^libvirt refuses: .*99 > /)]);
    expect(run("pin-vcpu web1 0 2 --live --config")).toMatchObject({
      code: 1,
      err: expect.stringContaining("libvirt refuses: unsupported flags"),
    });
    expect(run("vcpus nix")).toMatchObject({
      code: 10,
      err: expect.stringContaining('There is no VM "nix"'),
    });
    expect(run("pin-vcpu web1 0 9000")).toMatchObject({ code: 2 });
  });
});

test("with Driver=static orders to the hypervisor are refused", async () => {
  const host = makeTestHost({ sections: "[vm web1]\nVcpus=1\n" });
  await host.start();
  for (const command of ["vcpus web1", "pin-vcpu web1 0 2", "set-vcpus web1 2"])
    expect(host.run("vmpowerctl", ...command.split(" "))).toEqual({
      code: 1,
      out: "",
      err: "With Driver=static there is no hypervisor to query or change: change the configuration, then systemctl reload vm-power\n",
    });
  for (const [command, part] of [
    ["channel-config web1 --vcpus 2", "index='0' ports='31'"],
    ["channel-config web1 --format qemu", "nr=1,chardev=vmpower0"],
    [
      "channel-config new --vcpus 1 --format xl",
      `"connection=socket,path=${host.channels}/new.0,name=poweragent.0"`,
    ],
  ] as const)
    expect(host.run("vmpowerctl", ...command.split(" "))).toEqual({
      code: 0,
      out: expect.stringContaining(part),
      err: "",
    });
  expect(host.run("vmpowerctl", "channel-config", "a/b", "--vcpus", "1")).toMatchObject({
    code: 1,
    err: 'vm-power does not accept this value of "vm": it is a name of at most 250 bytes without "/" and control characters\n',
  });
  expect(host.run("vmpowerctl", "channel-config", "x".repeat(100), "--vcpus", "1").err).toContain(
    "a socket's may have 107: give the VM a shorter name",
  );
  await host.remove();
});
