import { expect, test } from "bun:test";
import { readDomainXml } from "../../src/hypervisor/libvirt/domain-xml.ts";

/** As libvirt 9.0 prints a running QEMU domain, shortened. */
const WEB1 = `<domain type='kvm' id='7'>
  <name>web1.example.org</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <title>a &lt;channel&gt; &amp; more</title>
  <memory unit='KiB'>524288</memory>
  <vcpu placement='static' current='2'>4</vcpu>
  <vcpus>
    <vcpu id='0' enabled='yes' hotpluggable='no' order='1'/>
    <vcpu id='1' enabled='no' hotpluggable='yes'/>
    <vcpu id='2' enabled='yes' hotpluggable='yes' order='2'/>
    <vcpu id='3' enabled='no' hotpluggable='yes'/>
  </vcpus>
  <cputune>
    <vcpupin vcpu='0' cpuset='2'/>
  </cputune>
  <devices>
    <channel type='unix'>
      <source mode='bind' path='/tmp/powermonitor/web1.example.org.0'/>
      <target type='virtio' name='virtio.serial.port.poweragent.0' state='connected'/>
      <alias name='channel0'/>
      <address type='virtio-serial' controller='0' bus='0' port='1'/>
    </channel>
    <channel type="unix">
      <target name="virtio.serial.port.poweragent.12" type="virtio"/>
      <source path="/tmp/powermonitor/a &amp; b.12" mode="bind"/>
    </channel>
    <channel type='unix'>
      <source mode='bind' path='/var/lib/libvirt/qemu/f16.agent'/>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
    <channel type='unix'>
      <source mode='connect' path='/tmp/powermonitor/connects.1'/>
      <target type='virtio' name='virtio.serial.port.poweragent.1'/>
    </channel>
    <channel type='pty'>
      <source path='/dev/pts/3'/>
      <target type='virtio' name='virtio.serial.port.poweragent.2'/>
    </channel>
    <channel type='unix'>
      <source mode='bind' path='/tmp/powermonitor/padded.03'/>
      <target type='virtio' name='virtio.serial.port.poweragent.03'/>
    </channel>
    <console type='unix'>
      <source mode='bind' path='/tmp/powermonitor/console.4'/>
      <target type='virtio' name='virtio.serial.port.poweragent.4'/>
    </console>
  </devices>
</domain>`;

test("readDomainXml() finds the channels that lead to the daemon, and the vCPUs that are online", () => {
  expect(readDomainXml(WEB1)).toEqual({
    ok: true,
    value: {
      name: "web1.example.org",
      id: 7,
      vcpus: 4,
      online: new Set([0, 2]),
      channels: new Map([
        ["/tmp/powermonitor/web1.example.org.0", 0],
        ["/tmp/powermonitor/a & b.12", 12],
      ]),
      contract: undefined,
      threads: undefined,
    },
  });
});

const CHANNEL = `<channel type='unix'><source mode='bind' path='/etc/shadow'/>
  <target type='virtio' name='virtio.serial.port.poweragent.0'/></channel>`;

test.each([
  ["in a comment", `<devices><!-- ${CHANNEL} --></devices>`],
  [
    "in a CDATA section",
    `<description><![CDATA[</description><devices>${CHANNEL}</devices>]]></description>`,
  ],
  ["in escaped text", `<description>${CHANNEL.replaceAll("<", "&lt;")}</description>`],
  ["in an attribute", `<x y="${CHANNEL.replaceAll("<", "&lt;").replaceAll('"', "'")}"/>`],
  ["in metadata", `<metadata><m:x xmlns:m='u'><devices>${CHANNEL}</devices></m:x></metadata>`],
  [
    "in metadata, with a root of its own",
    `<metadata><domain><devices>${CHANNEL}</devices></domain></metadata>`,
  ],
  ["below another device", `<devices><disk>${CHANNEL}</disk></devices>`],
])("readDomainXml() ignores a channel %s", (_, inside) => {
  const xml = `<domain id='1'><name>n</name><vcpu>1</vcpu>${inside}</domain>`;
  const nothing = new Map<string, number>();
  expect(readDomainXml(xml)).toEqual({
    ok: true,
    value: {
      name: "n",
      id: 1,
      vcpus: 1,
      online: new Set([0]),
      channels: nothing,
      contract: undefined,
      threads: undefined,
    },
  });
});

test.each([
  [
    "pins of the emulator and of iothreads",
    `<iothreads>2</iothreads><cputune><vcpupin vcpu='0' cpuset='2'/><emulatorpin cpuset='1-3,9'/>
     <iothreadpin iothread='2' cpuset='4'/><iothreadpin iothread='1' cpuset='5-6'/></cputune>`,
    [
      { name: "emulator", pcpus: [1, 2, 3, 9] },
      { name: "iothread 2", pcpus: [4] },
      { name: "iothread 1", pcpus: [5, 6] },
    ],
  ],
  [
    "those without pins of their own have the CPUs of <vcpu>",
    `<vcpu cpuset='2-3'>1</vcpu><iothreads>2</iothreads>
     <cputune><iothreadpin iothread='1' cpuset='7'/></cputune>`,
    [
      { name: "emulator", pcpus: [2, 3] },
      { name: "iothread 1", pcpus: [7] },
      { name: "iothreads", pcpus: [2, 3] },
    ],
  ],
  [
    "without any pins there are none",
    "<iothreads>2</iothreads><cputune><shares>9</shares></cputune>",
    undefined,
  ],
  [
    "CPU lists and numbers that are wrong are left out",
    `<iothreads>many</iothreads><cputune><emulatorpin cpuset='1-x'/><emulatorpin/>
     <iothreadpin iothread='one' cpuset='1'/><iothreadpin iothread='1' cpuset='99999'/></cputune>`,
    undefined,
  ],
  ["not in metadata", "<metadata><cputune><emulatorpin cpuset='1'/></cputune></metadata>", undefined],
])("readDomainXml() threads: %s", (_, inside, threads) => {
  const vcpu = inside.includes("<vcpu ") ? "" : "<vcpu>1</vcpu>";
  expect(readDomainXml(`<domain id='1'><name>n</name>${vcpu}${inside}</domain>`)).toMatchObject({
    ok: true,
    value: { threads },
  });
});

test("readDomainXml() refuses more pins of iothreads than anybody has", () => {
  const pins = (count: number) =>
    Array.from({ length: count }, (_, i) => `<iothreadpin iothread='${i}' cpuset='1'/>`).join("");
  const read = (count: number) =>
    readDomainXml(`<domain id='1'><name>n</name><vcpu>1</vcpu><cputune>${pins(count)}</cputune></domain>`);
  expect(read(1024).ok).toBe(true);
  expect(read(1025)).toEqual({ ok: false, why: "more than 1024 pins of iothreads" });
});

test.each([
  ["without a list the first are online", "<vcpu current='2'>3</vcpu>", [0, 1]],
  ["without a current number all are online", "<vcpu>3</vcpu>", [0, 1, 2]],
])("readDomainXml(): %s", (_, vcpu, online) => {
  expect(readDomainXml(`<domain id='1'><name>n</name>${vcpu}</domain>`)).toMatchObject({
    value: { online: new Set(online) },
  });
});

test("readDomainXml() finds the channels of a Xen domain", () => {
  const xml = `<domain id='2'><name>n</name><vcpu>1</vcpu><devices><channel type='unix'>
    <source mode='bind' path='/tmp/powermonitor/n.0'/><target type='xen' name='poweragent.0' state='connected'/>
    </channel></devices></domain>`;
  expect(readDomainXml(xml)).toMatchObject({ value: { channels: new Map([["/tmp/powermonitor/n.0", 0]]) } });
});

test.each([
  ["no name", "<domain id='1'><vcpu>1</vcpu></domain>"],
  ["no usable number of vCPUs", "<domain id='1'><name>n</name><vcpu>4097</vcpu></domain>"],
  ["no usable number of vCPUs", "<domain id='1'><name>n</name><vcpu>-1</vcpu></domain>"],
  ['"domain" is not closed', "<domain id='1'>"],
])("readDomainXml() reports %s", (why, xml) => {
  expect(readDomainXml(xml)).toEqual({ ok: false, why });
});

test("readDomainXml() of a domain that does not run gives no id", () => {
  expect(readDomainXml("<domain><name>n</name><vcpu>1</vcpu></domain>")).toMatchObject({
    value: { id: undefined },
  });
});

const OURS = "urn:vm-power:contract:1";

test.each([
  ["with a prefix", `<m:contract xmlns:m='${OURS}' class='gold' maxKhz='1800000'/>`],
  ["without a prefix", `<contract xmlns='${OURS}' class='gold' maxKhz='1800000'/>`],
  [
    "beside another's",
    `<o:contract xmlns:o='urn:other' class='x'/><m:contract xmlns:m='${OURS}' class='gold' maxKhz='1800000'><m:x class='y'/></m:contract>`,
  ],
])("readDomainXml() reads a contract in the metadata %s", (_, metadata) => {
  const xml = `<domain id='1'><name>n</name><vcpu>1</vcpu><metadata>${metadata}</metadata></domain>`;
  expect(readDomainXml(xml)).toMatchObject({
    value: {
      contract: new Map([
        ["class", "gold"],
        ["maxKhz", "1800000"],
      ]),
    },
  });
});

test("readDomainXml() knows the prefix of an element around", () => {
  const xml = `<domain id='1' xmlns:a='${OURS}' xmlns:b='urn:other'><name>n</name><vcpu>1</vcpu>
    <metadata xmlns:b='${OURS}' xmlns:a='urn:other'><a:contract x='1'/><b:contract x='2'/></metadata></domain>`;
  expect(readDomainXml(xml)).toMatchObject({ value: { contract: new Map([["x", "2"]]) } });
});

test.each([
  [
    "of another namespace",
    `<metadata><m:contract xmlns:m='urn:vm-power:contract:2' class='gold'/></metadata>`,
  ],
  ["of a namespace that nobody declares", `<metadata><m:contract class='gold'/></metadata>`],
  [
    "inside another's element",
    `<metadata><o xmlns='urn:o'><contract xmlns='${OURS}' class='gold'/></o></metadata>`,
  ],
  ["outside of the metadata", `<devices><contract xmlns='${OURS}' class='gold'/></devices>`],
  ["in a description", `<description>&lt;contract xmlns='${OURS}'/&gt;</description>`],
])("readDomainXml() takes no contract %s", (_, inside) => {
  expect(readDomainXml(`<domain id='1'><name>n</name><vcpu>1</vcpu>${inside}</domain>`)).toMatchObject({
    value: { contract: undefined },
  });
});

test("readDomainXml() keeps so much of a contract, and lets its judge see that there was more", () => {
  const many = Array.from({ length: 1000 }, (_, i) => `a${i}='${"x".repeat(2000)}'`).join(" ");
  const xml = `<domain id='1'><name>n</name><vcpu>1</vcpu><metadata><contract xmlns='${OURS}' ${many}/></metadata></domain>`;
  const found = readDomainXml(xml);
  const contract = found.ok ? found.value.contract : undefined;
  expect([contract?.size, contract?.get("a0")?.length]).toEqual([65, 513]);
});
