import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refBytes, text, u32 } from "../hypervisor/fake-bytes.ts";
import { type FakeDomain, xmlOf } from "../hypervisor/fake-domains.ts";
import { FakeLibvirtd } from "../hypervisor/fake-libvirtd.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

const directory = mkdtempSync(join(tmpdir(), "vm-power-floor-"));
const fake = new FakeLibvirtd(join(directory, "sock"));
let host: TestHost;
afterEach(async () => {
  await host.remove();
  fake.stop();
  rmSync(directory, { recursive: true });
});

const words = (shown: string) => shown.replace(/\s+/g, " ");
const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
const governor = (cpu: number) => host.tree.read(cpu, "scaling_governor");

/** Pins the emulator as "virsh emulatorpin --live" does: libvirt sends its event. */
function pinEmulator(domain: FakeDomain, cpuset: string): void {
  const pinned = `<cputune><emulatorpin cpuset='${cpuset}'/></cputune><devices>`;
  domain.xml = xmlOf(domain, host.channels).replace("<devices>", pinned);
  fake.event(346, refBytes(domain), u32(1), text("cputune.emulatorpin"), u32(7), text(cpuset));
}

test("the CPU of a pinned emulator is not parked, and not set below the floor of its VM for anybody", async () => {
  const libvirt = `[hypervisor]\nDriver=libvirt\nUri=test:///default\nSocket=${fake.path}\n`;
  const rules = "[cpufreq]\nParked=min\nParkAfterSec=1\n[vm db1]\nEmulatorMinKhz=1.4GHz\n";
  host = makeTestHost({ sections: `${libvirt}${rules}` });
  const web1 = fake.add("web1", [[2]]);
  const db1 = fake.add("db1", [[3]]);
  web1.xml = xmlOf(web1, host.channels);
  pinEmulator(db1, "1");
  const port = host.port("web1", 0);
  await host.start();
  await until(() => speed(0) === "1200000");
  expect([0, 1, 2, 3].map(governor)).toEqual(["userspace", "schedutil", "schedutil", "schedutil"]);
  expect(words(host.run("vmpowerctl", "why", "1").out)).toContain("Used by db1: not parked");
  // The emulator moves to the CPU of the other VM, whose guest asks for less.
  await port.ready();
  await port.ask(scale(0, MIN), 464);
  expect(speed(2)).toBe("1200000");
  pinEmulator(db1, "2");
  await until(() => speed(2) === "1400000");
  await until(() => speed(1) === "1200000");
  const why = words(host.run("vmpowerctl", "why", "web1:0").out);
  expect(why).toContain("EmulatorMinKhz: not below 1.400 GHz on a CPU of the emulator of db1");
  expect(words(host.run("vmpowerctl", "why", "2").out)).toContain("db1 emulator - at least (1.400 GHz)");
  const shown = words(host.run("vmpowerctl", "show-vm", "db1").out);
  expect(shown).toContain("its emulator ≥ 1.400 GHz");
  expect(shown).toContain("The emulator may run on CPU 2");
  expect(words(host.run("vmpowerctl", "contract", "db1").out)).toContain("EmulatorMinKhz 1.4GHz [vm db1]");
  host.run("vmpowerctl", "set-contract", "db1", "EmulatorMinKhz=60%");
  expect(speed(2)).toBe("2000000");
  // An operator's order is not bounded by contracts.
  host.run("vmpowerctl", "set-cpu-freq", "2", "min");
  expect(speed(2)).toBe("1200000");
  host.run("vmpowerctl", "set-cpu-freq", "2", "release");
  fake.domains.delete(db1.uuid);
  fake.lifecycle(db1, 5, 1);
  await until(() => speed(2) === "1200000");
  await host.end("SIGTERM");
  expect([0, 1, 2, 3].map(governor)).toEqual(["schedutil", "schedutil", "schedutil", "schedutil"]);
}, 30_000);
