import { afterAll, beforeAll, expect, test } from "bun:test";
import { makeTestHost, type TestHost } from "../../test/daemon/host.ts";
import { eventually, type Machine, startMachine } from "./machine.ts";

/** Where `interop/guest/run` put kernel and initramfs. */
const WORK = process.env["INTEROP_WORK"] ?? "";

const PORT = "virtio.serial.port.poweragent";

// Each case continues from the state of the previous one: vCPU 0 on CPU 2, vCPU 1 on CPU 3.
let host: TestHost;
let machine: Machine;

const speeds = () => [2, 3].map((cpu) => host.tree.read(cpu, "scaling_setspeed"));
const UNTOUCHED = ["<unsupported>", "<unsupported>"];
const [MIN, SECOND, BASE, MAX] = ["1200000", "1400000", "2300000", "2301000"];

const step = (words: string) =>
  console.log(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${words}`);
const guest = async (words: string) => {
  const ran = await machine.run(`vm-power-guest ${words}`);
  step(`vm-power-guest ${words}`);
  return ran;
};
const channels = () => host.ask("status")["channelsConnected"];

beforeAll(async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2,3\nQuery=yes\n" });
  step("starting the guest");
  await boot();
}, 120_000);

afterAll(async () => {
  await machine?.kill();
  await host?.remove();
}, 30_000);

async function boot(): Promise<void> {
  machine = startMachine({ directory: WORK, channels: host.channels });
  await machine.booted();
  step("the guest is up");
}

/** Waits for the daemon to serve both ports. */
const served = () => eventually(() => channels() === 2);

test("udev gives the ports their names, and the group its permissions", async () => {
  const { out } = await machine.run(`cd /dev/virtio-ports && stat -L -c '%A %U %G %n' *`);
  expect(out.trim().split("\n")).toEqual([0, 1].map((n) => `crw-rw---- root vm-power ${PORT}.${n}`));
});

test("without a daemon, the guest reports that, and that the fault is on the host", async () => {
  const remedy =
    "on the host, systemctl start vm-power, and vmpowerctl show-vm tells whether it serves this VM";
  expect(await guest("max 0")).toEqual({
    code: 3,
    out: "",
    err: `No program is connected to the host's end of port 0: ${remedy}\n`,
  });
  const { code, out } = await guest("status --json");
  const { ports } = JSON.parse(out) as { ports: { state: string }[] };
  expect([code, ports.map(({ state }) => state)]).toEqual([3, ["no-host", "no-host"]]);
});

test("with a daemon, max sets the highest speed", async () => {
  await host.start();
  await served();
  expect(speeds()).toEqual(UNTOUCHED);
  expect(await guest("max")).toEqual({ code: 0, out: "vCPUs 0-1: max\n", err: "" });
  expect(speeds()).toEqual([MAX, MAX]);
  expect(await guest("min 1")).toEqual({ code: 0, out: "vCPU 1: min\n", err: "" });
  expect(speeds()).toEqual([MAX, MIN]);
  expect((await guest("freq --json")).out).toBe(
    '{"vcpus":[{"vcpu":0,"kind":"granted","khz":2301000},{"vcpu":1,"kind":"granted","khz":1200000}]}\n',
  );
  expect((await guest("max 9 --port 0")).code).toBe(1);
});

test("the library sets the speed too, and gets every reply", async () => {
  const { code, out, err } = await machine.run("cd /tmp && BUN_BE_BUN=1 vm-power-guest run library.mjs");
  expect({ code, out: out.trim().split("\n"), err }).toEqual({
    code: 0,
    out: [
      "init 0 granted",
      "init 0 invalid",
      "init 1 granted",
      ...["freqMin", "freqUp", "freqMax", "freqDown", "disableTurbo", "enableTurbo"].map(
        (call) => `${call} granted`,
      ),
      "freqs not-supported",
      "queryFreqs granted",
      "20 requests in time",
      "exit 0 granted",
      "freqMax invalid",
    ],
    err: "",
  });
  expect(speeds()).toEqual([MAX, MAX]);
});

test("only members of the group may send requests", async () => {
  expect(await machine.run(`su guest -c "vm-power-guest down 0"`)).toEqual({
    code: 0,
    out: "vCPU 0: down\n",
    err: "",
  });
  expect(speeds()).toEqual([BASE, MAX]);
  const path = `/dev/virtio-ports/${PORT}.0`;
  expect(await machine.run(`su stranger -c "vm-power-guest max 0"`)).toEqual({
    code: 4,
    out: "",
    err: `No permission to open "${path}": become root, or a member of group vm-power\n`,
  });
});

test("a port in use by another process stays with it, and the message names that process", async () => {
  machine.begin(`exec 3<>/dev/virtio-ports/${PORT}.0; exec sleep 1000`);
  const { out: pid } = await machine.run("sleep 1; pidof sleep");
  expect(await guest("max 0")).toEqual({
    code: 1,
    out: "",
    err: `Port 0 is used by process ${pid.trim()} (sleep), and only one process can use it: in this guest, stop that one first\n`,
  });
  const { out } = await guest("status --json");
  const [first] = (JSON.parse(out) as { ports: object[] }).ports;
  const path = `/dev/virtio-ports/${PORT}.0`;
  expect(first).toMatchObject({ port: 0, path, state: "held", holder: { pid: Number(pid), name: "sleep" } });
  await machine.run("killall sleep");
});

test("replies that nobody read are not taken for the reply to the next request", async () => {
  // A process that sends requests and does not read, like most DPDK programs. It exits before the replies arrive.
  const packet = `\\000\\000\\000\\000\\000\\000\\000\\000\\004\\000\\000\\000\\001\\000\\000\\000`;
  await machine.run(
    `printf '${packet}' >/tmp/p; head -c 448 /dev/zero >>/tmp/p; ` +
      `for i in $(seq 40); do dd if=/tmp/p bs=464 2>/dev/null; done >/dev/virtio-ports/${PORT}.0`,
  );
  await eventually(() => speeds()[0] === MIN);
  expect(await guest("turbo 0")).toEqual({ code: 0, out: "vCPU 0: turbo\n", err: "" });
  expect(speeds()[0]).toBe(MAX);
});

test("a command keeps the highest speed after the daemon was killed and started again", async () => {
  await guest("min 0");
  machine.begin("vm-power-guest run --min-on-idle --vcpus 0 -- sleep 1000");
  await eventually(() => speeds()[0] === MAX);
  await host.end("SIGKILL");
  await host.start();
  expect(speeds()).toEqual(UNTOUCHED);
  step("the daemon is back");
  await eventually(() => speeds()[0] === MAX);
  await machine.run("killall sleep");
  await eventually(() => speeds()[0] === MIN);
});

test("the agent gives a busy vCPU a high speed, and an idle one the lowest", async () => {
  await machine.run(
    "printf '[agent]\\nPorts=0-1\\nIntervalMs=500\\nCooldownMs=1000\\nSource=proc-stat\\n' >/etc/vm-power-guest.conf",
  );
  machine.begin("taskset 1 vm-power-guest agent");
  await eventually(() => speeds()[1] === MIN || speeds()[1] === SECOND);
  machine.begin("taskset 2 yes >/dev/null");
  await eventually(() => speeds()[1] === MAX);
  step("vCPU 1 is busy, and fast");
  await machine.run("killall yes");
  await eventually(() => speeds()[1] === MIN);
  step("vCPU 1 is idle, and slow");
});

test("after a reboot the guest can send requests again", async () => {
  machine.begin("reboot -f");
  step("rebooting");
  await Bun.sleep(1000);
  await machine.booted();
  step("the guest is up again");
  expect(await guest("max")).toEqual({ code: 0, out: "vCPUs 0-1: max\n", err: "" });
  expect(speeds()).toEqual([MAX, MAX]);
});

test("when QEMU is killed, the claims of its guest end, and the next guest is served", async () => {
  machine.begin("while :; do vm-power-guest down; vm-power-guest up; done");
  await eventually(() => speeds()[0] !== MAX);
  await machine.kill();
  await eventually(() => channels() === 0);
  await eventually(() => speeds().every((speed, i) => speed === UNTOUCHED[i]));
  await boot();
  await served();
  expect(await guest("min")).toEqual({ code: 0, out: "vCPUs 0-1: min\n", err: "" });
  expect(speeds()).toEqual([MIN, MIN]);
});
