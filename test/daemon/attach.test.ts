import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { i32, refBytes } from "../hypervisor/fake-bytes.ts";
import { bareXml, type FakeDomain } from "../hypervisor/fake-domains.ts";
import { FakeLibvirtd } from "../hypervisor/fake-libvirtd.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { inheritedSocket, startAttachHelper } from "./inherited.ts";
import { until } from "./until.ts";

let directory: string;
let fake: FakeLibvirtd;
let host: TestHost;
let helper: Bun.Subprocess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-attach-"));
  fake = new FakeLibvirtd(join(directory, "sock"));
  host = makeTestHost({
    sections: `[hypervisor]\nDriver=libvirt\nUri=test:///default\nSocket=${fake.path}\n[vm nova*]\nAttachAtStart=yes\n`,
  });
});

afterEach(async () => {
  helper?.kill();
  await helper?.exited;
  helper = undefined;
  await host.remove();
  fake.stop();
  rmSync(directory, { recursive: true });
});

function bare(name: string): FakeDomain {
  const domain = fake.add(name, [[2], [3]]);
  domain.xml = bareXml(domain);
  return domain;
}

/** Runs vmpowerctl. Not as `host.run` does, because libvirtd is in this process. */
async function ctl(...args: string[]) {
  const command = [join(host.executables, "vmpowerctl"), "--socket", host.socket, ...args];
  const ran = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([ran.stdout.text(), ran.stderr.text(), ran.exited]);
  return { code, out, err };
}

const attach = (...args: string[]) => ctl("attach-channels", ...args);

async function status(): Promise<unknown> {
  return (JSON.parse((await ctl("status", "--json")).out) as { attachProblem?: string }).attachProblem;
}

const channel = (n: number) =>
  `<channel type='unix'><target type='virtio' name='virtio.serial.port.poweragent.${n}'/></channel>`;

test("attach-channels shows what is missing, and the helper attaches it; the daemon itself changes nothing", async () => {
  const web1 = bare("web1");
  await host.start();
  const missing = await attach("web1", "--yes");
  expect([missing.code, missing.err]).toEqual([
    1,
    "The helper vm-power-attach is not there: systemctl enable --now vm-power-attach.socket\n",
  ]);
  helper = startAttachHelper(host);
  const done = await attach("web1", "--vcpus", "1", "--yes");
  expect(done).toEqual({ code: 0, out: `+ ${channel(1)}\n1 channel attached: 1\n`, err: "" });
  expect(fake.attached).toEqual([{ domain: "web1", device: channel(1), flags: 1 }]);
  fake.event(354, refBytes(web1), i32(0));
  const again = await attach("web1", "--vcpus", "1");
  expect(again).toEqual({ code: 0, out: "VM web1 has these channels: 1\n", err: "" });
  expect(await attach("web1", "--vcpus", "7", "--yes")).toEqual({
    code: 1,
    out: "",
    err: '"web1" has no vCPU 7: it has 2 at most: vmpowerctl show-vm web1 shows its vCPUs\n',
  });
}, 30_000);

test("a VM with AttachAtStart=yes that starts without channels has them a moment later", async () => {
  const early = bare("nova0");
  await host.start();
  await until(() => host.log().includes("nova0 started without channels"));
  expect(await status()).toBe(
    "Running VMs with AttachAtStart=yes: 1; The helper vm-power-attach is not there: systemctl enable --now vm-power-attach.socket",
  );
  fake.domains.delete(early.uuid);
  helper = startAttachHelper(host);
  expect(await status()).toBeUndefined();
  const nova = bare("nova1");
  fake.lifecycle(nova, 2, 0);
  await until(() => fake.attached.length === 2);
  expect(fake.attached).toEqual([
    { domain: "nova1", device: channel(0), flags: 1 },
    { domain: "nova1", device: channel(1), flags: 1 },
  ]);
  await until(() => host.log().includes("nova1 started without channels (AttachAtStart=yes): attached 0-1"));
  fake.lifecycle(bare("web1"), 2, 0);
  await until(() => host.log().includes("web1 runs"));
  expect(fake.attached.length).toBe(2);
}, 30_000);

test("a stop does not wait for a helper that hangs", async () => {
  await host.start();
  const fd = inheritedSocket(join(host.directory, "run/attach.sock"));
  fake.lifecycle(bare("nova1"), 2, 0);
  await until(() => host.log().includes("nova1 runs"));
  const startMs = performance.now();
  expect(await host.end("SIGTERM")).toBe(0);
  expect(performance.now() - startMs).toBeLessThan(5000);
  closeSync(fd);
}, 30_000);
