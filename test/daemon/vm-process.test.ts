import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { xmlOf } from "../hypervisor/fake-domains.ts";
import { FakeLibvirtd } from "../hypervisor/fake-libvirtd.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { connect, MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let directory: string;
let fake: FakeLibvirtd;
let host: TestHost;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-process-"));
  fake = new FakeLibvirtd(join(directory, "sock"));
  mkdirSync(join(directory, "qemu"));
  host = makeTestHost({
    sections: `[hypervisor]\nDriver=libvirt\nUri=qemu:///system\nSocket=${fake.path}\n`,
  });
});
afterAll(async () => {
  await host.remove();
  fake.stop();
  rmSync(directory, { recursive: true });
});

test("a socket that another process than the VM's own serves is refused; while libvirt's file is unreadable, that is told", async () => {
  const web1 = fake.add("web1", [[1]]);
  web1.xml = xmlOf(web1, host.channels);
  // This test is the process that serves it.
  const port = host.port("web1", 0);
  const pidFile = join(directory, "qemu/web1.pid");
  const seen = () => {
    const { channels } = host.ask("list", "--channels") as {
      channels: { status: string; reason?: string }[];
    };
    return [channels[0]?.status, channels[0]?.reason];
  };
  const note = () => (host.ask("status") as { hypervisor: { note?: string } }).hypervisor.note;
  await host.start();
  await port.ready();
  expect(note()).toBe(
    `Any process of QEMU's user can pass for web1, because there is no "${pidFile}": ls -l ${directory}/qemu`,
  );

  writeFileSync(pidFile, "1\n");
  fake.lifecycle(web1, 4, 0);
  await until(() => !port.connected);
  const reason = `its socket is served by process ${process.pid}, and its VM is process 1`;
  await until(() => seen()[1] === reason);
  expect([seen(), note()]).toEqual([["refused", reason], undefined]);

  writeFileSync(pidFile, `${process.pid}`);
  fake.lifecycle(web1, 4, 0);
  // The port also sees each attempt that the daemon itself drops as soon as it knows the process.
  await until(() => seen()[0] === "connected");
  await port.silence();
  port.send(connect());
  expect(Buffer.from(await port.ask(scale(0, MIN), 464)).readUInt32LE(12)).toBe(1);
  expect(seen()).toEqual(["connected", undefined]);
}, 20_000);
