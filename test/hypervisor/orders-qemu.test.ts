import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LibvirtHypervisor, openLibvirt } from "../../src/hypervisor/libvirt/libvirt.ts";
import { canUnshare, RealLibvirtd, whyNoLibvirtd } from "./real-libvirtd.ts";
import { Recorder, until } from "./recorder.ts";

const QEMU = "/usr/bin/qemu-system-x86_64";
const why =
  whyNoLibvirtd() ??
  (canUnshare() ? undefined : "this machine does not let us mount") ??
  (existsSync(QEMU) ? undefined : `${QEMU} missing (Debian: qemu-system-x86)`);

/** Devices that need more support from the host are switched off. */
const QEMU_CONF = `user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
`;

const DOMAIN = `<domain type='qemu'><name>web1</name><memory unit='MiB'>32</memory><vcpu current='2'>4</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='0'/></cputune>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><emulator>${QEMU}</emulator><controller type='usb' model='none'/><memballoon model='none'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices></domain>`;

const skipped = why === undefined ? "" : ` (skipped: ${why})`;

describe.skipIf(why !== undefined)(`orders to a real QEMU domain${skipped}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-qemu-"));
  const libvirtd = new RealLibvirtd({ directory, uri: "qemu:///system", qemuConf: QEMU_CONF });
  const recorder = new Recorder();
  let hypervisor: LibvirtHypervisor;

  beforeAll(async () => {
    await libvirtd.start();
    await Bun.write(join(directory, "web1.xml"), DOMAIN);
    await libvirtd.must("define", join(directory, "web1.xml"));
    await libvirtd.must("start", "--paused", "web1");
    const socket = libvirtd.socket.replace(/-ro$/, "");
    hypervisor = openLibvirt({ uri: "qemu:///system", socket, log: recorder.log }, recorder);
    await until(() => recorder.told.includes("ready"));
  }, 30_000);

  afterAll(async () => {
    await libvirtd.virsh("destroy", "web1");
    await hypervisor.close();
    await libvirtd.stop();
    rmSync(directory, { recursive: true });
  }, 30_000);

  test("vCPUs are listed, also unplugged ones", async () => {
    expect(await hypervisor.orders.vcpus("web1")).toMatchObject({
      ok: true,
      value: [
        { pcpus: [0] },
        { vcpu: 1 },
        { state: "offline", pcpu: undefined },
        { vcpu: 3, state: "offline" },
      ],
    });
  });

  test("a pin is set live and in the definition, and the domain was read again when the order is done", async () => {
    const pin = { vcpu: 0, pcpus: [1] };
    expect(await hypervisor.orders.pinVcpu("web1", pin, { live: true, config: true })).toEqual({
      ok: true,
      value: undefined,
    });
    expect(recorder.domains.get("web1")?.pins[0]).toEqual([1]);
    expect(await libvirtd.must("vcpupin", "web1", "0", "--live")).toMatch(/0\s+1\s/);
    expect(await libvirtd.must("vcpupin", "web1", "0", "--config")).toMatch(/0\s+1\s/);
  });

  test("the number of vCPUs is set in the definition, and the hypervisor's refusal is reported", async () => {
    const { orders } = hypervisor;
    expect(await orders.setVcpus("web1", 3, { live: false, config: true })).toMatchObject({ ok: true });
    expect(await libvirtd.must("vcpucount", "web1", "--current", "--config")).toBe("3\n");
    expect(await orders.setVcpus("web1", 9, { live: true, config: true })).toMatchObject({
      ok: false,
      why: { reason: expect.stringContaining("9 > 4") },
    });
  });

  test("channels are added to the definition on free ports, and then none is missing", async () => {
    const { orders } = hypervisor;
    const place = { vm: "web1", directory };
    const planned = await orders.planChannels(place, undefined);
    if (!planned.ok) throw new Error(JSON.stringify(planned));
    // Port 1 of controller 0 is the guest agent's.
    expect(planned.value).toMatchObject({ present: [], missing: [0, 1, 2, 3] });
    expect(planned.value.devices).not.toContain("controller type");
    expect(planned.value.devices).toContain(
      "<address type='virtio-serial' controller='0' bus='0' port='2'/>",
    );
    expect(await orders.addChannels(place, undefined, "<evil/>")).toMatchObject({
      ok: false,
      why: { reason: "The definition was changed meanwhile" },
    });
    expect(await orders.addChannels(place, undefined, planned.value.devices)).toEqual({
      ok: true,
      value: undefined,
    });
    expect(await orders.planChannels(place, undefined)).toEqual({
      ok: true,
      value: { present: [0, 1, 2, 3], missing: [], devices: "" },
    });
    const xml = await libvirtd.must("dumpxml", "--inactive", "web1");
    expect(xml).toContain("org.qemu.guest_agent.0");
    expect(xml).toContain(`path='${directory}/web1.3'`);
  });

  test("40 channels need a second controller, and QEMU starts with them", async () => {
    const { orders } = hypervisor;
    const place = { vm: "web1", directory };
    const planned = await orders.planChannels(place, 40);
    if (!planned.ok) throw new Error(JSON.stringify(planned));
    expect(planned.value.devices).toStartWith("<controller type='virtio-serial' index='1' ports='31'/>\n");
    expect(await orders.addChannels(place, 40, planned.value.devices)).toMatchObject({ ok: true });
    await libvirtd.must("destroy", "web1");
    await libvirtd.must("start", "--paused", "web1");
    await until(() => recorder.domains.get("web1")?.channels?.size === 40);
    expect(existsSync(join(directory, "web1.39"))).toBe(true);
  }, 20_000);

  test("two lines without a path are a channel, wherever libvirt puts its socket, and its process is known", async () => {
    const lines =
      "<channel type='unix'><target type='virtio' name='virtio.serial.port.poweragent.7'/></channel>";
    const made = DOMAIN.replace("web1", "made").replace("</devices>", `${lines}</devices>`);
    await Bun.write(join(directory, "made.xml"), made);
    await libvirtd.must("create", "--paused", join(directory, "made.xml"));
    await until(() => recorder.domains.has("made"));
    const { channels = new Map(), pid } = recorder.domains.get("made") ?? {};
    expect([...channels.values()]).toEqual([7]);
    expect([...channels.keys()][0]).toMatch(
      /^\/(run|var\/lib)\/libvirt\/qemu\/channel\/.*virtio\.serial\.port\.poweragent\.7$/,
    );
    expect(pid).toBe(Number(readFileSync(libvirtd.qemuPidFile("made"), "utf8")));
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("guest=made");
    expect(hypervisor.status().note).toBeUndefined();
    await libvirtd.must("destroy", "made");
  }, 20_000);

  test("a domain without a definition is not given one", async () => {
    await Bun.write(join(directory, "fleeting.xml"), DOMAIN.replace("web1", "fleeting"));
    await libvirtd.must("create", "--paused", join(directory, "fleeting.xml"));
    expect(await hypervisor.orders.planChannels({ vm: "fleeting", directory }, 1)).toMatchObject({
      ok: false,
      why: { reason: '"fleeting" has no definition in libvirt' },
    });
    await libvirtd.must("destroy", "fleeting");
  }, 20_000);
});
