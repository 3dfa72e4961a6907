import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startAttachHelper } from "../../test/daemon/inherited.ts";
import { until } from "../../test/hypervisor/recorder.ts";
import { makeStage, type Stage, WORK } from "./stage.ts";
import { ACK, MAX, MIN, SECOND, stepsOn } from "./steps.ts";

// Each case continues from the state of the previous one: a running guest, vCPU 0 on CPU 0, vCPU 1 on CPU 1.

/** How long a frozen libvirtd may stay unnoticed: a list every 30 s, and 10 s for its reply. */
const NOTICED_MS = 45_000;

const NACK_MIN_9 = "464 09000000000000000400000002000000";

let stage: Stage;
let steps: ReturnType<typeof stepsOn>;
let untouched: (string | undefined)[];

beforeAll(async () => {
  stage = await makeStage();
  steps = stepsOn(stage);
  untouched = steps.clocks();
  stage.step("starting vm-power");
  await stage.host.start();
  await steps.start();
}, 90_000);

afterAll(() => stage?.remove(), 60_000);

test("a guest's packets set the CPU under its vCPU, and the guest gets the replies", async () => {
  expect(steps.clocks()).toEqual(untouched);
  expect(await stage.guest.ask(0, "min-0")).toBe(ACK["min-0"]);
  expect(steps.clocks()).toEqual([MIN, untouched[1]]);
  expect(await stage.guest.ask(0, "up-0")).toBe(ACK["up-0"]);
  expect(steps.clocks()).toEqual([SECOND, untouched[1]]);
  expect(await stage.guest.ask(1, "min-1")).toBe(ACK["min-1"]);
  expect(steps.clocks()).toEqual([SECOND, MIN]);
  expect(await stage.guest.ask(1, "min-9")).toBe(NACK_MIN_9);
  expect(steps.clocks()).toEqual([SECOND, MIN]);
});

test("both channels are served, in the channel directory and where libvirt put its socket, by QEMU's own process", () => {
  const { channels } = stage.host.ask("list", "--channels") as { channels: Record<string, unknown>[] };
  const qemu = Number(readFileSync(stage.libvirtd.qemuPidFile("guest"), "utf8"));
  expect(channels.map(({ vm, number, status, peerPid }) => [vm, number, status, peerPid])).toEqual([
    ["guest", 0, "connected", qemu],
    ["guest", 1, "connected", qemu],
  ]);
  const { hypervisor } = stage.host.ask("status") as { hypervisor: { note?: string } };
  expect(hypervisor.note).toBeUndefined();
});

test("a channel without a path that virsh attaches to the running guest is served within 2 s", async () => {
  const file = join(stage.host.directory, "channel.xml");
  writeFileSync(
    file,
    "<channel type='unix'><target type='virtio' name='virtio.serial.port.poweragent.2'/></channel>",
  );
  const numbers = () => {
    const { channels } = stage.host.ask("list", "--channels") as { channels: Record<string, unknown>[] };
    return channels.filter(({ status }) => status === "connected").map(({ number }) => number);
  };
  await stage.libvirtd.must("attach-device", "guest", file, "--live");
  await until(() => numbers().includes(2), numbers, 2000);
});

test("after virsh vcpupin the claim applies to the other CPU", async () => {
  await steps.ask("min-0", "max-1");
  await steps.settled([MIN, MAX]);
  stage.step("swapping the pins");
  await steps.pin(1, 0);
  await steps.ask("up-0");
  // Both run on CPU 0 now: the higher claim wins, and CPU 1 has no claim.
  await steps.settled([MAX, untouched[1]]);
  await steps.pin(0, 1);
  await steps.settled([MAX, SECOND]);
  await steps.pin(1, 1);
  await steps.pin(0, 0);
  await steps.settled([SECOND, MAX]);
});

test("virsh suspend gives the CPUs back, and after resume the claims hold again, 20 of 20 times", async () => {
  await steps.ask("min-0", "max-1");
  for (let time = 0; time < 20; time++) {
    await steps.settled([MIN, MAX]);
    await stage.libvirtd.must("suspend", "guest");
    await steps.settled(untouched);
    await stage.libvirtd.must("resume", "guest");
  }
  await steps.settled([MIN, MAX]);
});

test("requests are served after a reboot of the guest", async () => {
  await steps.ask("min-0");
  await steps.settled([MIN, stage.clock(1)]);
  stage.step("resetting the guest");
  await stage.libvirtd.must("reset", "guest");
  await steps.settled(untouched);
  await steps.booted();
  await steps.ask("min-0");
  await steps.settled([MIN, untouched[1]]);
});

test("the CPUs of a guest that powers off are restored; virsh start needs no operator", async () => {
  await steps.ask("min-0");
  await steps.settled([MIN, stage.clock(1)]);
  stage.step("powering off");
  stage.guest.off();
  await steps.untilLogged("guest is gone (shut down by the guest)");
  await steps.settled(untouched);
  await steps.start();
  await steps.ask("min-0");
  await steps.settled([MIN, untouched[1]]);
});

test("virsh destroy restores the CPUs; virsh start needs no operator", async () => {
  await steps.ask("min-0");
  await steps.settled([MIN, stage.clock(1)]);
  stage.step("destroying the domain");
  await stage.libvirtd.must("destroy", "guest");
  await steps.untilLogged("guest is gone (destroyed)");
  await steps.settled(untouched);
  await steps.start();
  await steps.ask("min-0");
  await steps.settled([MIN, untouched[1]]);
});

test("attach-channels gives a running guest a channel without a path, and the guest is obeyed within 2 s", async () => {
  const helper = startAttachHelper(stage.host);
  try {
    const startMs = performance.now();
    const attached = stage.host.ask("attach-channels", "guest", "--vcpus", "2", "--config", "--yes");
    expect(attached).toMatchObject({ present: [], attached: [2] });
    await until(() => steps.connected("guest") === 3, stage.host.log, 2000);
    stage.step(`attached and connected in ${Math.round(performance.now() - startMs)} ms`);
    await stage.guest.plug(2);
    expect(await stage.guest.ask(2, "min-0")).toBe(ACK["min-0"]);
    await steps.settled([MIN, untouched[1]]);
    expect(stage.host.ask("attach-channels", "guest", "--config", "--yes")).toMatchObject({
      present: [0, 1, 2],
      attached: [],
    });
    await stage.libvirtd.must("create", stage.bareDomain("bare", { controller: false }));
    const refused = stage.host.run("vmpowerctl", "attach-channels", "bare", "--yes");
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('"bare" has no virtio-serial controller') as never,
    ]);
    await stage.libvirtd.must("destroy", "bare");
  } finally {
    helper.kill();
    await helper.exited;
  }
});

test("a VM with AttachAtStart=yes that starts without channels has them within 2 s", async () => {
  const helper = startAttachHelper(stage.host);
  try {
    await stage.libvirtd.must("create", stage.bareDomain("nova", { controller: true }));
    await until(() => steps.connected("nova") === 2, stage.host.log, 2000);
    await stage.libvirtd.must("destroy", "nova");
    await until(() => steps.connected("nova") === 0, stage.host.log);
  } finally {
    helper.kill();
    await helper.exited;
  }
});

test("packets are served while libvirtd restarts, and the daemon follows it afterwards", async () => {
  stage.step("stopping libvirtd");
  await stage.libvirtd.stop();
  await steps.untilState("unreachable");
  await steps.served(1000);
  await stage.libvirtd.start();
  await steps.untilState("connected");
  stage.step("libvirtd is back");
  await steps.served(200);
  await steps.swapAndBack();
});

test("packets are served while libvirtd is frozen, and the daemon follows it afterwards", async () => {
  stage.step("freezing libvirtd: this takes a while");
  stage.libvirtd.freeze();
  await steps.served(NOTICED_MS, () => steps.hypervisorState() === "unreachable");
  expect(steps.hypervisorState()).toBe("unreachable");
  stage.libvirtd.thaw();
  await steps.served(20_000, () => steps.hypervisorState() === "connected");
  stage.step("libvirtd is thawed");
  await steps.swapAndBack();
});

test("a domain that ends while libvirtd is stopped loses its claims, and can start again", async () => {
  await steps.ask("min-0");
  await stage.libvirtd.stop("SIGKILL");
  stage.step("killing QEMU");
  process.kill(Number(readFileSync(stage.libvirtd.qemuPidFile("guest"), "utf8")), "SIGKILL");
  await stage.libvirtd.start();
  await steps.untilLogged("guest is gone (");
  await steps.settled(untouched);
  await steps.start();
  await steps.ask("min-0");
  await steps.settled([MIN, untouched[1]]);
});

test("a stop of vm-power restores everything", async () => {
  expect(await stage.host.end("SIGTERM")).toBe(0);
  expect(steps.clocks()).toEqual(untouched);
});

test("with Driver=qemu the same VM is served by its process, through the sockets that libvirt opened for it", async () => {
  await stage.host.end("SIGTERM");
  stage.host.configure("[hypervisor]\nDriver=qemu\n");
  await stage.host.start();
  await until(() => steps.connected("guest") === 3, stage.host.log);
  expect(await stage.guest.ask(1, "min-1")).toBe(ACK["min-1"]);
  await steps.settled([untouched[0], MIN]);
});

test("a VM that KubeVirt's hook has changed has its channels, and its contract", async () => {
  const annotations = { "contract.vm-power/MaxKhz": "1400000", "contract.vm-power/Operations": "max,min" };
  const definition = `<domain type='qemu'><name>default_kube</name><memory unit='MiB'>32</memory>
    <vcpu placement='static'>2</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
    <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>`;
  const hook = join(import.meta.dir, "../../packaging/kubevirt/hook/on-define-domain.py");
  const vmi = JSON.stringify({ metadata: { annotations } });
  const { stdout } = Bun.spawnSync(["python3", hook, "--vmi", vmi, "--domain", definition]);
  writeFileSync(join(WORK, "kube.xml"), `${stdout}`.replaceAll("/var/run/kubevirt-private", WORK));
  await stage.libvirtd.must("create", join(WORK, "kube.xml"));
  await until(() => steps.connected("default_kube") === 2, stage.host.log);
  const { vm } = stage.host.ask("show-vm", "default_kube") as { vm: { contract: object } };
  expect(vm.contract).toMatchObject({ maxKhz: 1_400_000, operations: ["min", "max"] });
  await stage.libvirtd.must("destroy", "default_kube");
  await until(() => steps.connected("default_kube") === 0, stage.host.log);
});

/** How many channels of a VM are served. */
