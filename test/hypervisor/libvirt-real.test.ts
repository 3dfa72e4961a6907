import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hypervisor } from "../../src/hypervisor/hypervisor.ts";
import { openLibvirt } from "../../src/hypervisor/libvirt/libvirt.ts";
import { LIBVIRT_TIMING } from "../../src/hypervisor/libvirt/timing.ts";
import { RealLibvirtd, whyNoLibvirtd } from "./real-libvirtd.ts";
import { Recorder, until } from "./recorder.ts";

const why = whyNoLibvirtd();

/** A domain of the test driver, with a hostile description. */
const HOSTILE = `<domain type='test'><name>web.1</name><memory>1024</memory><vcpu current='1'>3</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='0,4-6'/></cputune>
  <os><type>hvm</type></os>
  <description>&lt;/description&gt;<![CDATA[</description><devices><channel type='unix'>
    <source mode='bind' path='/etc/passwd'/><target type='virtio' name='virtio.serial.port.poweragent.9'/>
    </channel></devices>]]></description>
  <devices>
    <channel type='unix'><source mode='bind' path='/tmp/powermonitor/a &amp; b.0'/>
      <target type='virtio' name='virtio.serial.port.poweragent.0'/></channel>
    <channel type='unix'><source mode='bind' path='/tmp/agent'/>
      <target type='virtio' name='org.qemu.guest_agent.0'/></channel>
  </devices></domain>`;

const skipped = why === undefined ? "" : ` (skipped: ${why})`;

describe.skipIf(why !== undefined)(`openLibvirt() with the real libvirtd${skipped}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-libvirtd-"));
  const libvirtd = new RealLibvirtd({ directory, uri: "test:///default" });
  const recorder = new Recorder();
  let hypervisor: Hypervisor;

  beforeAll(async () => {
    await libvirtd.start();
    const timing = { ...LIBVIRT_TIMING, listMs: 300, callTimeoutMs: 400 };
    const options = { uri: "test:///default", socket: libvirtd.socket, log: recorder.log, timing };
    hypervisor = openLibvirt(options, recorder);
  }, 20_000);

  afterAll(async () => {
    await hypervisor.close();
    await libvirtd.stop();
    rmSync(directory, { recursive: true });
  });

  async function news(...expected: string[]): Promise<void> {
    await until(
      () => recorder.told.length >= expected.length,
      () => recorder.told,
    );
    expect(recorder.news()).toEqual(expected);
  }

  test("reads its domains", async () => {
    await news("test running: unknown", "ready");
    expect(recorder.domains.get("test")?.pins.length).toBe(2);
    expect(hypervisor.status()).toMatchObject({ state: "connected", problem: undefined, domains: 1 });
  });

  test("tells no energy of cores, which needs monitors of the hardware, and goes on", async () => {
    expect(await hypervisor.coreEnergy?.("test")).toBeUndefined();
    expect(hypervisor.status()).toMatchObject({ state: "connected", problem: undefined });
  });

  test("reads pins and channels of a domain with a hostile description", async () => {
    await Bun.write(join(directory, "web.xml"), HOSTILE);
    await libvirtd.must("create", join(directory, "web.xml"));
    await news("web.1 running: booted");
    expect(recorder.domains.get("web.1")).toMatchObject({
      pins: [[2], [], []],
      channels: new Map([["/tmp/powermonitor/a & b.0", 0]]),
    });
  });

  test("notices changed pins, and a hot-plugged vCPU", async () => {
    await libvirtd.must("vcpupin", "web.1", "0", "1,5");
    // The test driver sends no event for pins: the next full read finds them, or a refresh.
    hypervisor.refresh();
    await until(() => recorder.domains.get("web.1")?.pins[0]?.join() === "1,5");
    await libvirtd.must("setvcpus", "web.1", "2");
    hypervisor.refresh();
    await until(() => recorder.domains.get("web.1")?.pins[1]?.join() === "0,4,5,6");
    // A refresh reports every domain, possibly this one first.
    await Bun.sleep(100);
    recorder.news();
  });

  test.each([
    ["suspend", "test paused: paused-by-operator"],
    ["resume", "test running: resumed"],
    ["destroy", "test gone: destroyed"],
    ["start", "test running: booted"],
    ["shutdown", "test gone: shut-down"],
    ["start", "test running: booted"],
  ])("follows virsh %s", async (command, told) => {
    await libvirtd.must(command, "test");
    await news(told);
  });

  test("sees metadata that change by its event alone", async () => {
    // It would list no domain again within this test.
    const timing = { ...LIBVIRT_TIMING, listMs: 600_000 };
    const other = new Recorder();
    const options = { uri: "test:///default", socket: libvirtd.socket, log: other.log, timing };
    const follower = openLibvirt(options, other);
    try {
      await until(() => other.told.includes("ready"));
      const contract = () => other.domains.get("test")?.contract;
      const uri = "urn:vm-power:contract:1";
      const set = "<contract class='gold' maxKhz='1800000'/>";
      await libvirtd.must("metadata", "test", uri, "--key", "vmpower", "--set", set);
      // The other tests' connection gets the same events: they must not find them later.
      const both = (isSet: boolean) => () =>
        [contract(), recorder.domains.get("test")?.contract].every((each) => (each !== undefined) === isSet);
      await until(both(true));
      expect([...(contract() ?? [])]).toEqual([
        ["class", "gold"],
        ["maxKhz", "1800000"],
      ]);
      await libvirtd.must("metadata", "test", uri, "--remove");
      await until(both(false));
    } finally {
      await follower.close();
      recorder.news();
    }
  });

  test("reports why a domain without a definition is gone", async () => {
    await libvirtd.must("destroy", "web.1");
    await news("web.1 gone: destroyed");
  });

  test("notices that it is frozen, and that it thaws", async () => {
    libvirtd.freeze();
    await until(() => hypervisor.status().state === "unreachable");
    expect(hypervisor.status().problem).toMatch(/^libvirtd does not answer/);
    expect([...recorder.domains.keys()]).toEqual(["test"]);
    libvirtd.thaw();
    await until(() => hypervisor.status().state === "connected");
    // Uses the same connection: without any client the test driver would have started again, with another run of its
    // domain.
    await news("test running: booted");
  });

  test("reconnects after libvirtd was killed", async () => {
    await libvirtd.stop("SIGKILL");
    await until(() => hypervisor.status().state === "unreachable");
    await libvirtd.start();
    await until(() => hypervisor.status().state === "connected");
    // The test driver has forgotten everything: its domain is another run.
    await news("test gone: restarted", "test running: unknown");
  }, 20_000);
});
