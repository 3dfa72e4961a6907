import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../test/hypervisor/recorder.ts";
import { kernelLog, makeStage, type Stage, WORK } from "./stage.ts";

// Each case continues from the state of the previous one: a running guest, vCPU 0 on CPU 0, vCPU 1 on CPU 1.

const [MIN, SECOND, MAX] = ["1200000", "1400000", "2301000"];

/** How long a frozen libvirtd may stay unnoticed: a list every 30 s, and 10 s for its reply. */
const NOTICED_MS = 45_000;

/** The guest's view of a reply: the size, then resource id, unit and command 1 (ACK) or 2 (NACK). */
const ACK = {
  "min-0": "464 00000000000000000400000001000000",
  "up-0": "464 00000000000000000100000001000000",
  "min-1": "464 01000000000000000400000001000000",
  "max-1": "464 01000000000000000300000001000000",
};
const NACK_MIN_9 = "464 09000000000000000400000002000000";

let stage: Stage;
let untouched: (string | undefined)[];

beforeAll(async () => {
  stage = await makeStage();
  untouched = clocks();
  stage.step("starting vm-power");
  await stage.host.start();
  await start();
}, 90_000);

afterAll(() => stage?.remove(), 60_000);

test("a guest's packets set the CPU under its vCPU, and the guest gets the replies", async () => {
  expect(clocks()).toEqual(untouched);
  expect(await stage.guest.ask(0, "min-0")).toBe(ACK["min-0"]);
  expect(clocks()).toEqual([MIN, untouched[1]]);
  expect(await stage.guest.ask(0, "up-0")).toBe(ACK["up-0"]);
  expect(clocks()).toEqual([SECOND, untouched[1]]);
  expect(await stage.guest.ask(1, "min-1")).toBe(ACK["min-1"]);
  expect(clocks()).toEqual([SECOND, MIN]);
  expect(await stage.guest.ask(1, "min-9")).toBe(NACK_MIN_9);
  expect(clocks()).toEqual([SECOND, MIN]);
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
  await ask("min-0", "max-1");
  await settled([MIN, MAX]);
  stage.step("swapping the pins");
  await pin(1, 0);
  await ask("up-0");
  // Both run on CPU 0 now: the higher claim wins, and CPU 1 has no claim.
  await settled([MAX, untouched[1]]);
  await pin(0, 1);
  await settled([MAX, SECOND]);
  await pin(1, 1);
  await pin(0, 0);
  await settled([SECOND, MAX]);
});

test("virsh suspend gives the CPUs back, and after resume the claims hold again, 20 of 20 times", async () => {
  await ask("min-0", "max-1");
  for (let time = 0; time < 20; time++) {
    await settled([MIN, MAX]);
    await stage.libvirtd.must("suspend", "guest");
    await settled(untouched);
    await stage.libvirtd.must("resume", "guest");
  }
  await settled([MIN, MAX]);
});

test("requests are served after a reboot of the guest", async () => {
  await ask("min-0");
  await settled([MIN, stage.clock(1)]);
  stage.step("resetting the guest");
  await stage.libvirtd.must("reset", "guest");
  await settled(untouched);
  await booted();
  await ask("min-0");
  await settled([MIN, untouched[1]]);
});

test("the CPUs of a guest that powers off are restored; virsh start needs no operator", async () => {
  await ask("min-0");
  await settled([MIN, stage.clock(1)]);
  stage.step("powering off");
  stage.guest.off();
  await untilLogged("guest is gone (shut down by the guest)");
  await settled(untouched);
  await start();
  await ask("min-0");
  await settled([MIN, untouched[1]]);
});

test("virsh destroy restores the CPUs; virsh start needs no operator", async () => {
  await ask("min-0");
  await settled([MIN, stage.clock(1)]);
  stage.step("destroying the domain");
  await stage.libvirtd.must("destroy", "guest");
  await untilLogged("guest is gone (destroyed)");
  await settled(untouched);
  await start();
  await ask("min-0");
  await settled([MIN, untouched[1]]);
});

test("packets are served while libvirtd restarts, and the daemon follows it afterwards", async () => {
  stage.step("stopping libvirtd");
  await stage.libvirtd.stop();
  await untilState("unreachable");
  await served(1000);
  await stage.libvirtd.start();
  await untilState("connected");
  stage.step("libvirtd is back");
  await served(200);
  await swapAndBack();
});

test("packets are served while libvirtd is frozen, and the daemon follows it afterwards", async () => {
  stage.step("freezing libvirtd: this takes a while");
  stage.libvirtd.freeze();
  await served(NOTICED_MS, () => hypervisorState() === "unreachable");
  expect(hypervisorState()).toBe("unreachable");
  stage.libvirtd.thaw();
  await served(20_000, () => hypervisorState() === "connected");
  stage.step("libvirtd is thawed");
  await swapAndBack();
});

test("a domain that ends while libvirtd is stopped loses its claims, and can start again", async () => {
  await ask("min-0");
  await stage.libvirtd.stop("SIGKILL");
  stage.step("killing QEMU");
  process.kill(Number(readFileSync(stage.libvirtd.qemuPidFile("guest"), "utf8")), "SIGKILL");
  await stage.libvirtd.start();
  await untilLogged("guest is gone (");
  await settled(untouched);
  await start();
  await ask("min-0");
  await settled([MIN, untouched[1]]);
});

test("a stop of vm-power restores everything", async () => {
  expect(await stage.host.end("SIGTERM")).toBe(0);
  expect(clocks()).toEqual(untouched);
});

test("with Driver=qemu the same VM is served by its process, through the sockets that libvirt opened for it", async () => {
  await stage.host.end("SIGTERM");
  stage.host.configure("[hypervisor]\nDriver=qemu\n");
  await stage.host.start();
  await until(() => connected("guest") === 2, stage.host.log);
  expect(await stage.guest.ask(1, "min-1")).toBe(ACK["min-1"]);
  await settled([untouched[0], MIN]);
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
  await until(() => connected("default_kube") === 2, stage.host.log);
  const { vm } = stage.host.ask("show-vm", "default_kube") as { vm: { contract: object } };
  expect(vm.contract).toMatchObject({ maxKhz: 1_400_000, operations: ["min", "max"] });
  await stage.libvirtd.must("destroy", "default_kube");
  await until(() => connected("default_kube") === 0, stage.host.log);
});

/** How many channels of a VM are served. */
function connected(name: string): number {
  const { channels } = stage.host.ask("list", "--channels") as { channels: { vm: string; status: string }[] };
  return channels.filter(({ vm, status }) => vm === name && status === "connected").length;
}

function clocks(): (string | undefined)[] {
  return [stage.clock(0), stage.clock(1)];
}

/** Waits until CPUs 0 and 1 have exactly these settings. */
async function settled(expected: readonly (string | undefined)[]): Promise<void> {
  await until(
    () => Bun.deepEquals(clocks(), expected),
    () => [clocks(), expected, stage.host.log()],
  );
}

/** The guest sends packets, each on the channel of its vCPU, and must read an ACK for each. */
async function ask(...packets: readonly (keyof typeof ACK)[]): Promise<void> {
  for (const packet of packets) {
    expect(await stage.guest.ask(Number(packet.at(-1)), packet)).toBe(ACK[packet]);
  }
}

/** Makes the guest send requests repeatedly, for a time or until a condition is true; each of them must take effect. */
async function served(ms: number, holds: () => boolean = () => false): Promise<void> {
  const end = performance.now() + ms;
  let packets = 0;
  while (performance.now() < end && !holds()) {
    await ask("min-0");
    expect(stage.clock(0)).toBe(MIN);
    await ask("up-0");
    expect(stage.clock(0)).toBe(SECOND);
    packets += 2;
    await Bun.sleep(100);
  }
  stage.step(`served ${packets} packets`);
}

async function pin(vcpu: number, cpu: number): Promise<void> {
  await stage.libvirtd.must("vcpupin", "guest", `${vcpu}`, `${cpu}`);
}

async function swapAndBack(): Promise<void> {
  await ask("min-0", "max-1");
  await settled([MIN, MAX]);
  await pin(1, 0);
  await pin(0, 1);
  await settled([MAX, MIN]);
  await pin(1, 1);
  await pin(0, 0);
  await settled([MIN, MAX]);
}

/** Starts the domain, and waits until its guest accepts orders and has sent CONNECT. */
async function start(): Promise<void> {
  stage.step("booting the guest");
  await stage.libvirtd.must("start", "guest");
  await booted();
}

async function booted(): Promise<void> {
  await stage.guest.booted().catch((error) => {
    throw new Error(`${error}\n${kernelLog()}\n${stage.host.log()}`);
  });
  for (const vcpu of [0, 1]) await stage.guest.send(vcpu, `connect-${vcpu}`);
}

let logged = 0;

/** Waits for a new line of the daemon's log. */
async function untilLogged(words: string): Promise<void> {
  await until(
    () => stage.host.log().includes(words, logged),
    () => [words, stage.host.log().slice(logged)],
    15_000,
  );
  logged = stage.host.log().indexOf(words, logged) + words.length;
}

function hypervisorState(): unknown {
  const { hypervisor } = stage.host.ask("status") as { hypervisor: { state: string } };
  return hypervisor.state;
}

async function untilState(state: string): Promise<void> {
  await until(
    () => hypervisorState() === state,
    () => stage.host.ask("status"),
    20_000,
  );
}
