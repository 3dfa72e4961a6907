import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlServer } from "../../src/admin/server.ts";
import { serveAttach } from "../../src/daemon/attach/serve-attach.ts";
import { libvirtAttach } from "../../src/hypervisor/libvirt/attach.ts";
import { rawClient } from "../admin/raw-client.ts";
import { bareXml, type FakeDomain, xmlOf } from "../hypervisor/fake-domains.ts";
import { FakeLibvirtd } from "../hypervisor/fake-libvirtd.ts";
import { Recorder } from "../hypervisor/recorder.ts";
import { inheritedSocket } from "./inherited.ts";
import { until } from "./until.ts";

const OWN = { uid: 991, gid: 991, pid: 42 };

let directory: string;
let fake: FakeLibvirtd;
let web1: FakeDomain;
let server: ControlServer;
let idles: number;
let recorder: Recorder;
/** Who the next client is. */
let peer = OWN;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-attach-"));
  fake = new FakeLibvirtd(join(directory, "libvirt"));
  web1 = fake.add("web1", [[0], [1], [2]]);
  web1.xml = bareXml(web1);
  peer = OWN;
  idles = 0;
  recorder = new Recorder();
  serve(60_000);
});

afterEach(async () => {
  await server.close();
  fake.stop();
  rmSync(directory, { recursive: true });
});

function serve(idleMs: number, socket = fake.path): void {
  server = serveAttach({
    fd: inheritedSocket(join(directory, "attach.sock")),
    uid: OWN.uid,
    attach: libvirtAttach({ uri: "test:///default", socket, callTimeoutMs: 400 }),
    peerOf: () => peer,
    log: recorder.log,
    idleMs,
    onIdle: () => idles++,
  });
}

async function ask(...calls: object[]): Promise<unknown[]> {
  const client = await rawClient(join(directory, "attach.sock"));
  for (const parameters of calls)
    client.send(`${JSON.stringify({ method: "io.vmpower.Attach.AttachChannels", parameters })}\0`);
  const replies = await client.replies(calls.length);
  client.leave();
  return replies;
}

const channel = (n: number) =>
  `<channel type='unix'><target type='virtio' name='virtio.serial.port.poweragent.${n}'/></channel>`;
const refusal = (reason: string, remedy?: string) => ({
  error: "io.vmpower.Attach.Refused",
  parameters: remedy === undefined ? { reason } : { reason, remedy },
});

test("the helper attaches the named channels to the running VM, and tells those that are there", async () => {
  expect(await ask({ vm: "web1", channels: [1, 2], config: false })).toEqual([
    { parameters: { present: [], attached: [1, 2] } },
  ]);
  expect(fake.attached).toEqual([
    { domain: "web1", device: channel(1), flags: 1 },
    { domain: "web1", device: channel(2), flags: 1 },
  ]);
  expect(await ask({ vm: "web1", config: false })).toEqual([
    { parameters: { present: [1, 2], attached: [0] } },
  ]);
  expect(await ask({ vm: "web1", config: false })).toEqual([
    { parameters: { present: [0, 1, 2], attached: [] } },
  ]);
  expect(fake.attached.length).toBe(3);
});

test("where the configuration names libvirt's read-only socket for the daemon, the helper uses the other one", async () => {
  await server.close();
  rmSync(join(directory, "attach.sock"));
  fake.stop();
  fake = new FakeLibvirtd(join(directory, "libvirt-sock"));
  fake.domains.set(web1.uuid, web1);
  serve(60_000, `${fake.path}-ro`);
  expect(await ask({ vm: "web1", channels: [0], config: false })).toEqual([
    { parameters: { present: [], attached: [0] } },
  ]);
});

test("with config, a channel is added where it is missing: in the running VM, its definition, or both", async () => {
  web1.xml = bareXml(web1).replace("</devices>", `${channel(0)}</devices>`);
  web1.definition = bareXml(web1).replace("</devices>", `${channel(1)}</devices>`);
  expect(await ask({ vm: "web1", config: true })).toEqual([
    { parameters: { present: [], attached: [0, 1, 2] } },
  ]);
  expect(fake.attached.map(({ flags }) => flags)).toEqual([2, 1, 3]);
});

test("it refuses what cannot be done, with the remedy, and changes nothing", async () => {
  const off = fake.add("off", [[0]], { id: -1, state: 5 });
  const bare = fake.add("bare", [[0]]);
  bare.xml = xmlOf({ ...bare, pins: [] }).replace("<vcpu placement='static'>0", "<vcpu>1");
  expect(
    await ask(
      { vm: "nobody", config: false },
      { vm: off.name, config: false },
      { vm: "bare", config: false },
      { vm: "web1", channels: [3], config: false },
    ),
  ).toEqual([
    { error: "io.vmpower.Attach.NoSuchVm", parameters: {} },
    refusal('"off" does not run', "vmpowerctl channel-config off --pathless --apply"),
    refusal(
      '"bare" has no virtio-serial controller, and none can be added while it runs',
      "vmpowerctl channel-config bare --pathless --apply, then shut it down and start it again",
    ),
    refusal('"web1" has no vCPU 3: it has 3 at most', "vmpowerctl show-vm web1 shows its vCPUs"),
  ]);
  expect(fake.attached).toEqual([]);
});

test("a refusal of libvirt says what was attached before it", async () => {
  let calls = 0;
  fake.misbehave.set(160, () =>
    ++calls > 2 ? { kind: "refuse", code: 1, message: "no free port" } : undefined,
  );
  expect(await ask({ vm: "web1", config: false })).toEqual([
    refusal("Channel 2: libvirt refuses: no free port; channels 0, 1 were attached"),
  ]);
});

test("nobody but the daemon's user is served, not even root", async () => {
  for (const uid of [0, 1000, 990]) {
    peer = { ...OWN, uid };
    expect(await ask({ vm: "web1", config: false })).toEqual([
      { error: "org.varlink.service.PermissionDenied", parameters: {} },
    ]);
  }
  expect(fake.calls).toEqual([]);
});

test("a daemon that was taken over can say nothing but a name and numbers", async () => {
  const wrong = (parameter: string) => ({
    error: "org.varlink.service.InvalidParameter",
    parameters: { parameter },
  });
  expect(
    await ask(
      { vm: "web1", config: false, xml: "<hostdev/>" },
      { vm: "web1\n<hostdev/>", config: false },
      { vm: "../web1", config: false },
      { vm: "web1", config: false, channels: ["0'/><hostdev/>"] },
      { vm: "web1", config: false, channels: [-1] },
      { vm: "web1", config: false, channels: [0.5] },
      { vm: "web1", config: false, channels: Array.from({ length: 1025 }, (_, n) => n) },
    ),
  ).toEqual([
    wrong("xml"),
    wrong("vm"),
    wrong("vm"),
    wrong("channels"),
    wrong("channels"),
    wrong("channels"),
    wrong("channels"),
  ]);
  expect(fake.calls).toEqual([]);
});

test("a VM gets a bounded number of channels in one call", async () => {
  const big = fake.add("big", [[0]]);
  big.xml = bareXml(big).replace("<vcpu placement='static'>1", "<vcpu>4000");
  expect(await ask({ vm: "big", config: false })).toEqual([
    refusal("4000 channels are missing, and 256 can be attached at once", "name fewer with --vcpus"),
  ]);
});

test("a flood of calls is refused after twenty, before libvirt is asked", async () => {
  const calls = Array.from({ length: 40 }, () => ({ vm: "web1", channels: [0], config: false }));
  const replies = await ask(...calls);
  const refused = replies.filter((reply) => "error" in (reply as object));
  expect(refused.length).toBeGreaterThanOrEqual(18);
  expect(new Set(refused.map((each) => JSON.stringify(each)))).toEqual(
    new Set([JSON.stringify(refusal("Too many VMs are being changed", "try again in a moment"))]),
  );
  expect(fake.connections).toBe(40 - refused.length);
});

test("it is idle after a while without a call", async () => {
  await server.close();
  rmSync(join(directory, "attach.sock"));
  serve(50);
  await ask({ vm: "web1", config: false });
  await until(() => idles > 0);
});
