import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, nack, packet, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
beforeEach(() => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2,3\n[vm db1]\nVcpus=4\n", env: { TZ: "UTC" } });
});
afterEach(() => host.remove());

const speeds = () => [2, 3].map((cpu) => host.tree.read(cpu, "scaling_setspeed"));
const UNTOUCHED = "<unsupported>";
const [TRAFFIC, TIME, WORKLOAD, BRANCH_RATIO] = [0, 1, 2, 3];

/** PKT_POLICY for vCPUs 0 and 1 (vm-power-protocol(7), "Layout of a request"). */
function policy(
  type: number,
  edit: (bytes: Buffer, tail: number) => void = () => {},
  size = 464,
): Uint8Array {
  const bytes = Buffer.from(packet(size, 0, 0, 3));
  bytes.write("db1", 16); // vm_name: the name of another VM
  bytes.set([0, 1], 144); // vcpu_to_control
  bytes[152] = 2; // num_vcpu
  const tail = size === 456 ? 444 : 448;
  bytes.writeUInt32LE(2, tail); // workload LOW
  bytes.writeUInt32LE(type, tail + 4);
  edit(bytes, tail);
  return new Uint8Array(bytes);
}

/** An ACK is the request with command 1. */
const ack = (request: Uint8Array) => {
  const bytes = request.slice();
  bytes[12] = 1;
  return bytes;
};

async function served() {
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  return port;
}

test("a kind that is not among Policies is refused with the remedy, and another one is taken", async () => {
  await host.remove();
  host = makeTestHost({
    sections: "[vm web1]\nVcpus=2,3\n[vm *]\nPolicies=time,traffic\n",
    env: { TZ: "UTC" },
  });
  const port = await served();
  const low = policy(WORKLOAD);
  expect(await port.ask(low, 464)).toEqual(nack(low));
  expect(speeds()).toEqual([UNTOUCHED, UNTOUCHED]);
  expect(host.log()).toContain("set Policies= in [vm web1]");
  const time = policy(TIME);
  expect(await port.ask(time, 464)).toEqual(ack(time));
});

test("a policy is in force when its ACK is there, for the channel's VM and not for the one named inside (S4)", async () => {
  const port = await served();
  const db1 = host.port("db1", 0);
  await db1.ready();
  const low = policy(WORKLOAD);
  expect(await port.ask(low, 464)).toEqual(ack(low));
  expect(speeds()).toEqual(["1200000", "1200000"]);
  expect(host.tree.read(4, "scaling_setspeed")).toBe(UNTOUCHED);
  // The other VM cannot remove it by the name.
  const remove = Buffer.from(packet(464, 0, 0, 4));
  remove.write("web1", 16);
  db1.send(new Uint8Array(remove));
  await db1.ask(scale(0, MIN), 464);
  expect(speeds()).toEqual(["1200000", "1200000"]);
  port.send(new Uint8Array(remove));
  expect(await port.silence()).toEqual(ack(low)); // a removal has no reply
  expect(speeds()).toEqual([UNTOUCHED, UNTOUCHED]);
});

test.each([456, 460])("a guest with packets of %d bytes is obeyed", async (size) => {
  const port = await served();
  port.send(packet(size, 0, 0, 2)); // CONNECT
  port.send(policy(WORKLOAD, undefined, size));
  await until(() => speeds()[0] === "1200000" && speeds()[1] === "1200000");
});

test("the packet of an unmodified send_policy is obeyed in its hour", async () => {
  const port = await served();
  const hour = new Date().getUTCHours();
  const busy = policy(TIME, (bytes) => {
    for (const [i, each] of [hour, (hour + 1) % 24].entries()) bytes.writeInt32LE(each, 156 + 4 * i);
    bytes.writeInt32LE(-1, 156 + 8); // so that midnight is no padding
  });
  await port.ask(scale(0, MIN), 464);
  expect(await port.ask(busy, 464)).toEqual(ack(busy));
  expect(speeds()).toEqual(["2301000", "2301000"]);
});

test("NACK means that nothing is stored, with the reason in the log (S1, S2, S3, S8, R17)", async () => {
  const port = await served();
  const low = policy(WORKLOAD);
  await port.ask(low, 464);
  const hostile = [
    policy(TRAFFIC, (bytes) => bytes.writeInt32LE(100_000, 128)),
    policy(WORKLOAD, (bytes) => bytes.writeUInt8(255, 152)),
    policy(WORKLOAD, (bytes) => bytes.set([1], 444)), // CPUs of the host
    policy(WORKLOAD, (bytes) => bytes.set([200], 144)),
    policy(9),
    policy(BRANCH_RATIO),
  ];
  for (const each of hostile) expect(await port.ask(each, 464)).toEqual(nack(each));
  expect(speeds()).toEqual(["1200000", "1200000"]);
  const refused = host
    .log()
    .split("\n")
    .filter((line) => line.includes("was refused"));
  expect(refused.map((line) => line.replace(/.*refused a guest policy: /, ""))).toEqual([
    "the guest policy names 100000 MAC addresses, at most 10 fit",
    "the guest policy names 255 vCPUs, at most 8 fit",
    "it may not name physical CPUs (set PhysicalCores=yes in [vm web1] if it is trusted with every CPU)",
    "it has no vCPU 200, only 2 vCPUs (vmpowerctl show-vm web1 shows its vCPUs)",
    "the guest policy has the unknown type 9",
    "a guest policy by branch ratio needs the performance counters of the CPU, which are not used",
  ]);
});

test("a policy by branch ratio is told of once for each VM (R20)", async () => {
  const port = await served();
  const ratio = policy(BRANCH_RATIO);
  for (let i = 0; i < 5; i++) expect(await port.ask(ratio, 464)).toEqual(nack(ratio));
  expect(host.log().split("by branch ratio").length - 1).toBe(1);
});

test("a policy survives a restart of the daemon; without one it ends with it, and the speeds are restored (R5, R7)", async () => {
  const port = await served();
  await port.ask(policy(WORKLOAD), 464);
  host.signal("SIGUSR2");
  await host.end("SIGTERM");
  expect(speeds()).toEqual(["1200000", "1200000"]);
  await host.start();
  await port.ready();
  await until(() => speeds()[0] === "1200000");
  await Bun.sleep(300);
  expect(speeds()).toEqual(["1200000", "1200000"]);
  await host.end("SIGTERM");
  expect(speeds()).toEqual([UNTOUCHED, UNTOUCHED]);
});

test("a restart hands the policy over in the handover file", async () => {
  const port = await served();
  await port.ask(policy(WORKLOAD), 464);
  host.signal("SIGUSR2");
  await host.end("SIGTERM");
  const path = join(host.directory, "run/handover");
  const saved = JSON.parse(readFileSync(path, "utf8"));
  expect(saved.policies).toEqual([
    {
      vm: "web1",
      rule: { kind: "workload", speed: "min" },
      resources: [0, 1],
      physical: false,
      atMs: expect.any(Number),
      turbo: [
        [0, true],
        [1, true],
      ],
    },
  ]);
});

test("it ends with the channels of its guest", async () => {
  const port = await served();
  await port.ask(policy(WORKLOAD), 464);
  port.close();
  await until(() => speeds()[0] === UNTOUCHED && speeds()[1] === UNTOUCHED, 20_000);
});

test("a request after the policy counts before it", async () => {
  const port = await served();
  await port.ask(policy(WORKLOAD), 464);
  await port.ask(scale(1, MAX), 464);
  expect(speeds()).toEqual(["1200000", "2301000"]);
});

test("an operator lists, adds and removes policies; a hostile call is refused and changes nothing", async () => {
  const port = await served();
  await port.ask(policy(WORKLOAD), 464);
  const added = host.ask(
    "policy",
    "add",
    "web1",
    "--vcpus",
    "1",
    "--type",
    "workload",
    "--workload",
    "medium",
  );
  expect(added["policy"]).toMatchObject({ vm: "web1", kind: "workload", vcpus: [1], wants: "medium" });
  expect(speeds()).toEqual(["1200000", "1700000"]);
  const listed = host.ask("policy", "list")["policies"] as { by?: string; wants: string }[];
  expect(listed.map(({ by, wants }) => [by === undefined, wants])).toEqual([
    [false, "medium"],
    [true, "min"],
  ]);
  expect((host.ask("show-vm", "web1")["vm"] as { policies: unknown[] }).policies.length).toBe(2);
  expect(host.run("vmpowerctl", "why", "web1:1").out).toContain("policy workload");
  expect(host.run("vmpowerctl", "metrics").out).toContain('vmpower_guest_policies{kind="workload"} 2');
  const add = (...options: string[]) => host.run("vmpowerctl", "policy", "add", "web1", ...options);
  const refused = [
    add("--vcpus", "0-2", "--type", "workload", "--workload", "low"),
    add("--vcpus", "0", "--type", "workload"),
    add("--vcpus", "0", "--type", "time"),
    add("--vcpus", "0", "--type", "traffic", "--mac", "52:54", "--max-packets", "1"),
    add("--vcpus", "0", "--type", "traffic", "--max-packets", "1"),
    host.run("vmpowerctl", "policy", "remove", "web1", "--id", "999"),
  ];
  expect(refused.map(({ code }) => code === 0)).toEqual(refused.map(() => false));
  expect(refused[0]?.err).toBe(
    "VM web1 cannot have this policy, because it has no vCPU 2, only 2 vCPUs: vmpowerctl show-vm web1 shows its vCPUs\n",
  );
  expect(speeds()).toEqual(["1200000", "1700000"]);
  host.ask("policy", "remove", "web1", "--id", `${(added["policy"] as { id: number }).id}`);
  expect(speeds()).toEqual(["1200000", "1200000"]);
  host.ask("policy", "remove", "web1");
  expect(speeds()).toEqual([UNTOUCHED, UNTOUCHED]);
});
