import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "../../test/daemon/host.ts";
import { RealLibvirtd } from "../../test/hypervisor/real-libvirtd.ts";
import { Guest } from "./guest.ts";

/** Where `interop/libvirt/run` put kernel and initramfs, and where it wants files of a run. */
export const WORK = process.env["INTEROP_WORK"] ?? "";

const URI = "qemu:///system";

/** Enough for a shell. Devices that need more support from the host are switched off. */
const QEMU_CONF = `
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
`;

/** A host with the daemon, a libvirtd of its own, and one guest with two pinned vCPUs. Channel 0 has a path, channel 1 has none. */
export interface Stage {
  readonly host: TestHost;
  readonly libvirtd: RealLibvirtd;
  readonly guest: Guest;
  /** The setting of a CPU: the speed that the daemon set, or the original governor. */
  clock(cpu: number): string | undefined;
  /** Writes the definition of a VM without channels and without a system; returns the file. */
  bareDomain(name: string, devices: { readonly controller: boolean }): string;
  /** Prints the current step, and the time so far. */
  step(words: string): void;
  remove(): Promise<void>;
}

/** Sets up everything. The domain is defined but not started. */
export async function makeStage(): Promise<Stage> {
  if (!existsSync(join(WORK, "kernel"))) throw new Error("Start this with interop/libvirt/run");
  const libvirtd = new RealLibvirtd({ directory: join(WORK, "libvirt"), uri: URI, qemuConf: QEMU_CONF });
  const sections = `[hypervisor]\nDriver=libvirt\nUri=${URI}\nSocket=${libvirtd.socket}\n[vm nova]\nAttachAtStart=yes\n`;
  const host = makeTestHost({ sections });
  const guest = new Guest(join(WORK, "orders"));
  const step = (words: string) =>
    console.log(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${words}`);
  step("starting libvirtd");
  await libvirtd.start();
  writeFileSync(join(WORK, "guest.xml"), domainXml(host.channels));
  await libvirtd.must("define", join(WORK, "guest.xml"));
  return {
    host,
    libvirtd,
    guest,
    clock(cpu) {
      const governor = host.tree.read(cpu, "scaling_governor");
      return governor === "userspace" ? host.tree.read(cpu, "scaling_setspeed") : governor;
    },
    bareDomain(name, { controller }) {
      const file = join(WORK, `${name}.xml`);
      writeFileSync(file, bareXml(name, controller ? "<controller type='virtio-serial' index='0'/>" : ""));
      return file;
    },
    step,
    async remove() {
      guest.close();
      await libvirtd.virsh("destroy", "guest");
      await libvirtd.stop();
      await host.remove();
    },
  };
}

/** The last messages of the guest's kernel, for the report of a failure. */
export function kernelLog(): string {
  const file = join(WORK, "kernel.log");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(-30).join("\n") : "";
}

function bareXml(name: string, devices: string): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory>
    <vcpu placement='static'>2</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
    <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${devices}</devices></domain>`;
}

function domainXml(channels: string): string {
  const channel = (n: number, source: string) => `<channel type='unix'>${source}
      <target type='virtio' name='virtio.serial.port.poweragent.${n}'/>
    </channel>`;
  return `<domain type='qemu'>
  <name>guest</name>
  <memory unit='MiB'>128</memory>
  <vcpu placement='static' current='2'>3</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/></cputune>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>${WORK}/kernel</kernel>
    <initrd>${WORK}/initramfs</initrd>
    <cmdline>console=ttyS1 mitigations=off panic=-1</cmdline>
  </os>
  <features><acpi/></features>
  <on_reboot>restart</on_reboot>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <serial type='unix'><source mode='bind' path='${WORK}/orders'/><target port='0'/></serial>
    <serial type='file'><source path='${WORK}/kernel.log'/><target port='1'/></serial>
    ${channel(0, `<source mode='bind' path='${channels}/guest.0'/>`)}
    ${channel(1, "")}
    <memballoon model='none'/>
  </devices>
</domain>`;
}
