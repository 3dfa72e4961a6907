import { expect, test } from "bun:test";
import fc from "fast-check";
import { readCommandLine } from "../../src/hypervisor/qemu/command-line.ts";

const NONE = {
  name: undefined,
  uuid: undefined,
  channels: new Map(),
  contract: undefined,
  isIncoming: false,
};

test("readCommandLine() reads what libvirt writes: JSON for devices, and sockets that it opened", () => {
  const line = [
    ["/usr/bin/qemu-system-x86_64", "-name", "guest=default_web1,debug-threads=on", "-S"],
    ["-object", '{"qom-type":"secret","id":"masterKey0","format":"raw","file":"/var/lib/libvirt/key.aes"}'],
    ["-uuid", "0e2f4a57-3c1d-4bce-9f10-6a7b8c9d0e1f"],
    [
      "-chardev",
      "socket,id=charmonitor,fd=26,server=on,wait=off",
      "-mon",
      "chardev=charmonitor,mode=control",
    ],
    ["-device", '{"driver":"virtio-serial-pci","id":"virtio-serial0","max_ports":16,"bus":"pci.3"}'],
    ["-chardev", "socket,id=charchannel0,fd=28,server=on,wait=off"],
    [
      "-device",
      '{"driver":"virtserialport","bus":"virtio-serial0.0","nr":1,"chardev":"charchannel0","name":"virtio.serial.port.poweragent.0"}',
    ],
    ["-chardev", "socket,id=charchannel1,fd=29,server=on,wait=off"],
    [
      "-device",
      '{"driver":"virtserialport","bus":"virtio-serial0.0","nr":2,"chardev":"charchannel1","name":"org.qemu.guest_agent.0"}',
    ],
    ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
  ];
  expect(readCommandLine(line.flat())).toEqual({
    ...NONE,
    name: "default_web1",
    uuid: "0e2f4a573c1d4bce9f106a7b8c9d0e1f",
    channels: new Map([[0, { fd: 28 }]]),
  });
});

test("readCommandLine() reads what Proxmox writes", () => {
  const line = [
    ["/usr/bin/kvm", "-id", "100", "-name", "web1,debug-threads=on", "-no-shutdown"],
    ["-chardev", "socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off"],
    ["-smbios", "type=1,uuid=5F1B9C8E-0001-4a4a-8b8b-0123456789ab", "-smp", "4,sockets=1,cores=4,maxcpus=4"],
    ["-device", "virtio-serial-pci,id=vmpower-serial0,max_ports=31"],
    ["-chardev", "socket,id=vmpower0,path=/tmp/powermonitor/100.0,server=on,wait=off"],
    [
      "-device",
      "virtserialport,bus=vmpower-serial0.0,nr=1,chardev=vmpower0,name=virtio.serial.port.poweragent.0",
    ],
  ];
  expect(readCommandLine(line.flat())).toEqual({
    ...NONE,
    name: "web1",
    uuid: "5f1b9c8e00014a4a8b8b0123456789ab",
    channels: new Map([[0, { path: "/tmp/powermonitor/100.0" }]]),
  });
});

test("readCommandLine() takes commas that are doubled, switches without a value, and the last word of a key", () => {
  const line = [
    ["qemu", "-name", "old", "--name", "a,,b,,,process=qemu"],
    ["-chardev", "socket,path=/srv/x,,1,,,id=c0,server,nowait"],
    ["--device", "driver=virtserialport,chardev=c1,chardev=c0,name=virtio.serial.port.poweragent.12"],
    ["-incoming", "defer"],
  ];
  expect(readCommandLine(line.flat())).toEqual({
    ...NONE,
    name: "a,b,",
    channels: new Map([[12, { path: "/srv/x,1," }]]),
    isIncoming: true,
  });
});

test("readCommandLine() leaves out ports that are not ours, and sockets that QEMU does not listen on or that are no file", () => {
  const port = (id: string, name: string, driver = "virtserialport") => [
    "-device",
    `${driver},chardev=${id},name=${name}`,
  ];
  const line = [
    ["-chardev", "socket,id=out,path=/run/out"],
    ["-chardev", "socket,id=off,path=/run/off,server=off"],
    ["-chardev", "socket,id=abstract,path=/run/abstract,server=on,abstract=on"],
    ["-chardev", "pty,id=pty", "-chardev", "socket,id=tcp,host=::1,port=7,server=on"],
    [
      "-chardev",
      "socket,id=good,path=/run/good,server=on",
      "-chardev",
      "socket,id=twin,path=/run/twin,server=on",
    ],
    port("out", "virtio.serial.port.poweragent.0"),
    port("off", "virtio.serial.port.poweragent.1"),
    port("abstract", "virtio.serial.port.poweragent.2"),
    port("pty", "virtio.serial.port.poweragent.3"),
    port("tcp", "virtio.serial.port.poweragent.4"),
    port("none", "virtio.serial.port.poweragent.5"),
    port("good", "virtio.serial.port.poweragent.01"),
    port("good", "virtio.serial.port.poweragent.6", "virtconsole"),
    port("good", "virtio.serial.port.poweragent.7"),
    port("twin", "virtio.serial.port.poweragent.7"),
  ];
  expect(readCommandLine(line.flat())).toEqual({ ...NONE, channels: new Map([[7, { path: "/run/good" }]]) });
});

test("readCommandLine() finds a contract among the OEM strings, as much of it as is looked at", () => {
  const value = (text: string) => ["-smbios", `type=11,value=${text}`];
  expect(
    readCommandLine([
      ...["-smbios", "type=1,value=io.vmpower.contract:MinKhz=1"],
      ...value("io.vmpower.contract:MaxKhz=2400000,value=io.vmpower.contract:Operations=up,,down"),
      ...value("something else"),
      ...value(`io.vmpower.contract:Class=${"x".repeat(600)}`),
    ]).contract,
  ).toEqual(
    new Map([
      ["MaxKhz", "2400000"],
      ["Operations", "up,down"],
      ["Class", "x".repeat(513)],
    ]),
  );
  const many = Array.from({ length: 100 }, (_, i) => value(`io.vmpower.contract:K${i}=1`)).flat();
  expect(readCommandLine(many).contract?.size).toBe(65);
});

test("readCommandLine() never throws, whatever the arguments", () => {
  const word = fc.constantFrom(
    "-name",
    "-device",
    "-chardev",
    "-smbios",
    "-uuid",
    "{",
    '{"driver":[[]]}',
    "=",
    ",,",
  );
  const args = fc.array(fc.oneof(word, fc.string()), { maxLength: 30 });
  fc.assert(fc.property(args, (each) => readCommandLine(each) !== undefined));
  expect(readCommandLine(["-device", `${'{"a":'.repeat(100_000)}`, "-name"])).toEqual(NONE);
});
