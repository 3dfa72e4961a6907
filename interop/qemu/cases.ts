import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "../../test/daemon/host.ts";
import { until } from "../../test/daemon/until.ts";
import { Guest } from "../libvirt/guest.ts";
import { makeCpuset, pidWith, type Qemu, type QemuStart, startQemu } from "./qemus.ts";

const [MIN, MAX] = ["1200000", "2301000"];
const ACK = { min0: "464 00000000000000000400000001000000", max1: "464 01000000000000000300000001000000" };

/** A user that the daemon trusts as QEMU's, and one that it does not. */
const [TRUSTED, STRANGER] = [64055, 64056];

/** How soon a change must be seen. It is half a second on average; this is a limit for machines that are busy. */
const SEEN_MS = 3000;

const uuid = (n: number) => `${String(n).repeat(8)}-0000-4000-8000-000000000000`;

let host: TestHost;
const running: Qemu[] = [];

beforeAll(async () => {
  const sections = `[hypervisor]\nDriver=qemu\nContainers=yes\n[channels]\nTrustedUsers=root ${TRUSTED}\n`;
  host = makeTestHost({ sections });
  await host.start();
}, 60_000);

afterEach(async () => {
  await Promise.all(running.splice(0).map((qemu) => qemu.kill()));
  await until(() => names().length === 0);
});

afterAll(() => host?.remove(), 60_000);

async function start(options: QemuStart): Promise<Qemu> {
  const qemu = await startQemu(options);
  running.push(qemu);
  return qemu;
}

const names = () => (host.ask("list")["vms"] as { name: string }[]).map(({ name }) => name).sort();
const pins = (name: string) =>
  (host.ask("show-vm", name)["vm"] as { vcpus: { pcpus: number[] }[] }).vcpus.map(({ pcpus }) => pcpus);
const channels = () => host.ask("list", "--channels")["channels"] as { vm: string; status: string }[];
const clocks = () => [0, 1].map((cpu) => host.tree.read(cpu, "scaling_setspeed"));
const seen = async (what: string, holds: () => boolean) => {
  const begunMs = performance.now();
  await until(holds, SEEN_MS);
  console.log(`${what}: seen after ${Math.round(performance.now() - begunMs)} ms`);
};

test("a VM of a QEMU that no libvirt knows is obeyed on the CPU that taskset gave it, and follows it", async () => {
  const name = "guest@11111111";
  const qemu = await start({ name: "guest", uuid: uuid(1), contained: true, boots: true });
  await seen("a QEMU that started", () => names().includes(name));
  qemu.taskset(0, "0");
  qemu.taskset(1, "1");
  await seen("two pins", () => Bun.deepEquals(pins(name), [[0], [1]]));
  await until(() => channels().filter(({ status }) => status === "connected").length === 2);
  const guest = new Guest(`/proc/${qemu.pid}/root/tmp/orders`);
  await guest.booted();
  expect(await guest.ask(0, "min-0")).toBe(ACK.min0);
  expect(await guest.ask(1, "max-1")).toBe(ACK.max1);
  expect(clocks()).toEqual([MIN, MAX]);
  qemu.taskset(0, "1");
  qemu.taskset(1, "0");
  await seen("pins that changed places", () => Bun.deepEquals(clocks(), [MAX, MIN]));
  guest.close();
  await qemu.kill();
  running.length = 0;
  await seen("the end of a QEMU", () => clocks().every((speed) => speed === "<unsupported>"));
});

test("three VMs of one name are told apart, each with sockets in its own /tmp, one of them without root", async () => {
  const options = { name: "web1", contained: true };
  await Promise.all([
    start({ ...options, uuid: uuid(1) }),
    start({ ...options, uuid: uuid(2) }),
    start({ ...options, uuid: uuid(3), uid: TRUSTED }),
  ]);
  const expected = ["web1@11111111", "web1@22222222", "web1@33333333"];
  await seen("three QEMUs", () => Bun.deepEquals(names(), expected));
  await until(() => channels().filter(({ status }) => status === "connected").length === 6);
  expect([...new Set(channels().map(({ vm }) => vm))].sort()).toEqual(expected);
});

test("a QEMU that was killed and started again with the same number is another VM", async () => {
  const options = { name: "web1", uuid: uuid(1), sockets: join(host.directory, "sockets") };
  fs.mkdirSync(options.sockets);
  const first = await start(options);
  await until(() => names().includes("web1"));
  const run = () =>
    host
      .log()
      .split("\n")
      .filter((line) => /web1 (runs|is gone)/.test(line)).length;
  const before = run();
  await first.kill();
  running.length = 0;
  // The kernel gives the next process the number after this one; another process may take it first.
  const by = ["sh", "-c", `echo ${first.pid - 1} >/proc/sys/kernel/ns_last_pid; "$@" & wait`, "sh"];
  let second = await start({ ...options, by });
  for (let tries = 0; second.pid !== first.pid && tries < 20; tries++) {
    await second.kill();
    running.length = 0;
    second = await start({ ...options, by });
  }
  expect(second.pid).toBe(first.pid);
  await seen("the end, and the next one", () => run() >= before + 2);
  await until(() => channels().filter(({ status }) => status === "connected").length === 2);
});

const cpuset = makeCpuset();
afterAll(() => cpuset?.remove());
if (cpuset === undefined) console.log("skipped: pins by a cpuset, which the kernel refuses here");

test.skipIf(cpuset === undefined)("a cpuset pins as taskset does", async () => {
  const qemu = await start({ name: "web1", uuid: uuid(1), contained: true });
  await until(() => names().includes("web1@11111111"));
  cpuset?.put(qemu.pid, "1");
  await seen("a cpuset", () => Bun.deepEquals(pins("web1@11111111"), [[1], [1]]));
  cpuset?.put(qemu.pid, "0");
  await seen("another cpuset", () => Bun.deepEquals(pins("web1@11111111"), [[0], [0]]));
});

test("a stranger's process that calls itself QEMU is refused, and not connected, whatever its name", async () => {
  const sockets = join(host.directory, "stranger");
  fs.mkdirSync(sockets);
  fs.chownSync(sockets, STRANGER, STRANGER);
  fs.chmodSync(host.directory, 0o711);
  const qemu = await start({ name: "web1", uuid: uuid(1), uid: STRANGER, sockets });
  const contained = await start({ name: "web1", uuid: uuid(2), uid: STRANGER, contained: true });
  const note = () => (host.ask("status")["hypervisor"] as { note?: string }).note ?? "";
  await seen("two strangers", () => note().startsWith("2 QEMU processes are not served"));
  expect(note()).toEndWith(
    `QEMU process ${Math.min(qemu.pid, contained.pid)} ("web1") is not served, it runs as the untrusted user ${STRANGER}: add the user that QEMU runs as to TrustedUsers`,
  );
  expect([names(), channels()]).toEqual([[], []]);
  expect(pidWith(uuid(1))).toBe(qemu.pid);
  expect(clocks()).toEqual(["<unsupported>", "<unsupported>"]);
});
