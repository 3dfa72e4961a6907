import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  channelObjection,
  proxmoxChannels,
  qemuChannels,
  xlChannels,
} from "../../src/hypervisor/channel-config.ts";
import { planPorts } from "../../src/hypervisor/channel-ports.ts";
import { channelXml, insertDevices } from "../../src/hypervisor/libvirt/channel-xml.ts";
import { type Definition, readDefinition } from "../../src/hypervisor/libvirt/definition.ts";

const place = { vm: "web1", directory: "/tmp/powermonitor" };

test("planPorts() leaves port 0 to consoles, uses free ports, and adds controllers beyond 30 channels", () => {
  const numbers = Array.from({ length: 31 }, (_, number) => number);
  const { ports, added } = planPorts(numbers, []);
  expect(added).toEqual([0, 1]);
  expect([ports[0], ports[29], ports[30]]).toEqual([
    { number: 0, controller: 0, port: 1 },
    { number: 29, controller: 0, port: 30 },
    { number: 30, controller: 1, port: 1 },
  ]);
  expect(planPorts([0, 1], [{ index: 1, ports: 4, taken: new Set([1, 3]) }])).toEqual({
    ports: [
      { number: 0, controller: 1, port: 2 },
      { number: 1, controller: 0, port: 1 },
    ],
    added: [0],
  });
  expect(planPorts([], [])).toEqual({ ports: [], added: [] });
});

test("channelXml() returns libvirt's XML, with hostile names escaped", () => {
  expect(channelXml(place, [0], [])).toBe(`<controller type='virtio-serial' index='0' ports='31'/>
<channel type='unix'>
  <source mode='bind' path='/tmp/powermonitor/web1.0'/>
  <target type='virtio' name='virtio.serial.port.poweragent.0'/>
  <address type='virtio-serial' controller='0' bus='0' port='1'/>
</channel>`);
  expect(
    channelXml({ vm: "web1", directory: undefined }, [7], [{ index: 0, ports: 31, taken: new Set() }]),
  ).toBe(`<channel type='unix'>
  <target type='virtio' name='virtio.serial.port.poweragent.7'/>
  <address type='virtio-serial' controller='0' bus='0' port='1'/>
</channel>`);
  expect(channelXml({ ...place, vm: `a'/><evil b="&` }, [0], [])).toContain(
    "path='/tmp/powermonitor/a&apos;/&gt;&lt;evil b=&quot;&amp;.0'/>",
  );
});

test("qemuChannels() returns options of QEMU", () => {
  expect(qemuChannels({ ...place, vm: "it's,1" }, 1).split(" \\\n")).toEqual([
    "-device virtio-serial-pci,id=vmpower-serial0,max_ports=31",
    "-chardev 'socket,id=vmpower0,path=/tmp/powermonitor/it'\\''s,,1.0,server=on,wait=off'",
    "-device virtserialport,bus=vmpower-serial0.0,nr=1,chardev=vmpower0,name=virtio.serial.port.poweragent.0",
  ]);
});

test("proxmoxChannels() returns one command, whose options survive two readings by a shell", async () => {
  const command = proxmoxChannels({ vm: "100", directory: "/srv/it's" }, 1);
  expect(command.split(" ").slice(0, 4)).toEqual(["qm", "set", "100", "--args"]);
  const script = `qm() { eval "printf '%s\\n' $4"; }; ${command}`;
  const { stdout } = Bun.spawnSync(["sh", "-c", script]);
  expect(`${stdout}`.trim().split("\n")).toEqual([
    "-device",
    "virtio-serial-pci,id=vmpower-serial0,max_ports=31",
    "-chardev",
    "socket,id=vmpower0,path=/srv/it's/100.0,server=on,wait=off",
    "-device",
    "virtserialport,bus=vmpower-serial0.0,nr=1,chardev=vmpower0,name=virtio.serial.port.poweragent.0",
  ]);
  expect(proxmoxChannels(place, 1)).toStartWith("qm set VMID --args ");
});

test("xlChannels() begins with a placeholder entry", () => {
  expect(xlChannels(place, 2)).toBe(`# xl loses the first entry, so this one is a placeholder.
channel = [
  "connection=pty,name=unused",
  "connection=socket,path=/tmp/powermonitor/web1.0,name=poweragent.0",
  "connection=socket,path=/tmp/powermonitor/web1.1,name=poweragent.1",
]`);
  expect(xlChannels({ ...place, vm: 'a"b' }, 1)).toBeUndefined();
});

test("channelObjection() knows how long a socket's path may be", () => {
  expect(channelObjection(place, 9999)).toBeUndefined();
  expect(channelObjection({ ...place, vm: "x".repeat(89) }, 0)).toContain("has 109 bytes");
});

test("readDefinition() reads devices, and no markup in a description", () => {
  const xml = `<domain type='kvm'><name>a</name><vcpu placement='static'> 4 </vcpu>
    <description>&lt;/devices&gt;<![CDATA[</devices><channel/>]]></description>
    <metadata><devices><channel><target name='virtio.serial.port.poweragent.7'/></channel></devices></metadata>
    <devices><controller type='virtio-serial' index='0'/><controller type='usb' index='3'/>
    <channel type='unix'><target type='virtio' name='virtio.serial.port.poweragent.2'/>
      <address type='virtio-serial' controller='0' bus='0' port='2'/></channel>
    <console type='pty'><address type='virtio-serial' controller='2' bus='0' port='0'/></console>
    </devices></domain>`;
  const read = readDefinition(xml);
  const definition = (read.ok ? read.value : undefined) as Definition;
  expect(definition).toMatchObject({
    vcpus: 4,
    channels: new Set([2]),
    controllers: [
      { index: 0, ports: 31, taken: new Set([2]) },
      { index: 2, ports: 31, taken: new Set([0]) },
    ],
  });
  expect(insertDevices(xml, definition, "<new/>")).toBe(
    xml.replace("    </devices></domain>", "    <new/>\n</devices></domain>"),
  );
  expect(readDefinition("<domain><devices/></domain>")).toEqual({ ok: false, why: "it has no devices" });
  expect(readDefinition("<domain>")).toHaveProperty("why");
});

const QEMU = "/usr/bin/qemu-system-x86_64";
const noQemu = existsSync(QEMU) ? "" : ` (skipped: no ${QEMU})`;

test.skipIf(noQemu !== "")(
  `a real QEMU takes the options, also for a second controller${noQemu}`,
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "vmp-"));
    const options = qemuChannels({ vm: "a,b'c", directory }, 31);
    const command = `exec ${QEMU} -machine q35 -accel tcg -m 16 -display none -nodefaults -S ${options}`;
    const qemu = Bun.spawn(["sh", "-c", command], { stdout: "ignore", stderr: "pipe" });
    const end = performance.now() + 10_000;
    while (readdirSync(directory).length < 31 && qemu.exitCode === null && performance.now() < end)
      await Bun.sleep(20);
    const names = readdirSync(directory);
    qemu.kill("SIGKILL");
    expect([await new Response(qemu.stderr).text(), names.length]).toEqual(["", 31]);
    expect(names).toContain("a,b'c.30");
    rmSync(directory, { recursive: true });
  },
  15_000,
);
