import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { holderOf } from "../../src/guest/library/holder.ts";
import { openPower } from "../../src/guest/library/power.ts";
import { missingPort } from "../../src/guest/library/virtio-ports.ts";
import { makeCpufreqTree } from "../../src/simulate/cpufreq-tree.ts";
import { machines } from "./machines.ts";

const KHZ = [2_301_000, 2_300_000, 1_700_000, 1_200_000];
const GRANTED = { kind: "granted", value: undefined } as const;
const machine = machines();
const places = machine.places;

const bareMetal = (root: string) =>
  makeCpufreqTree(root, [
    { cpus: [0, 1], driver: "acpi-cpufreq", khz: KHZ },
    { cpus: [2, 3], driver: "acpi-cpufreq", khz: KHZ, shared: true },
  ]);

describe("which environment is used", () => {
  test("the first available one: clocks of its own, consoles of Xen, ports of a VM", async () => {
    const all = places();
    const chosen = async () => {
      const power = openPower({ places: all, variables: {}, answerMs: 10 });
      const { kind } = await power.init(0);
      const name = power.getEnv();
      await power.unsetEnv();
      return [kind, name, power.checkEnvSupported("cpufreq"), power.checkEnvSupported("kvm-vm")];
    };
    expect(await chosen()).toEqual(["no-port", undefined, false, false]);
    const ports = machine.ports();
    ports.add("virtio.serial.port.poweragent.0", () => []);
    fs.symlinkSync(ports.directory, all.virtioPorts);
    expect(await chosen()).toEqual(["granted", "kvm-vm", false, true]);
    ports.add("poweragent.0", () => []);
    fs.symlinkSync(ports.directory, all.xenChannels);
    expect(await chosen()).toEqual(["granted", "xen-console", false, true]);
    bareMetal(all.cpus);
    expect(await chosen()).toEqual(["granted", "cpufreq", true, true]);
  });

  test("the one that the program or a variable names, whether or not it is available", async () => {
    const all = places();
    bareMetal(all.cpus);
    const byProgram = openPower({ places: all, env: "kvm-vm", variables: { VM_POWER_ENV: "xen-console" } });
    expect([(await byProgram.init(0)).kind, byProgram.getEnv()]).toEqual(["no-port", "kvm-vm"]);
    const byVariable = openPower({ places: all, variables: { VM_POWER_ENV: "xen-console" } });
    expect([(await byVariable.init(0)).kind, byVariable.getEnv()]).toEqual(["no-port", "xen-console"]);
    expect(await openPower({ places: all, variables: { VM_POWER_ENV: "kvm" } }).init(0)).toEqual({
      kind: "invalid",
      reason: "VM_POWER_ENV=kvm is not one of cpufreq, xen-console, kvm-vm",
    });
    expect(byProgram.setEnv("cpufreq")).toEqual({
      kind: "invalid",
      reason: "The environment is set already, to kvm-vm",
    });
  });
});

describe("a message names the missing part, and whether it is in the guest or on the host", () => {
  const name = "virtio.serial.port.poweragent";

  test.each([
    [
      [],
      [],
      `This guest has no power channel: on the host, give the VM a channel "${name}.0", and in this guest the module virtio_console must be loaded`,
    ],
    [
      ["org.qemu.guest_agent.0"],
      [],
      `This guest has no power channel: on the host, give the VM a channel "${name}.0"`,
    ],
    [[`${name}.0`], [], `Port "${name}.0" has no name in PORTS: in this guest, udev must run`],
    [
      [`${name}.1`],
      [`${name}.1`],
      `There is no port 0, this guest has 1: on the host, give the VM a channel "${name}.0"`,
    ],
  ])("%j in the kernel, %j in /dev", (kernel, named, reason) => {
    const { virtioPorts } = places();
    const sysfs = join(machine.directory, "sysfs");
    fs.mkdirSync(virtioPorts);
    for (const each of named) fs.writeFileSync(join(virtioPorts, each), "");
    kernel.forEach((each, i) => {
      fs.mkdirSync(join(sysfs, `vport1p${i}`), { recursive: true });
      fs.writeFileSync(join(sysfs, `vport1p${i}`, "name"), `${each}\n`);
    });
    const failure = missingPort(virtioPorts, 0, sysfs);
    expect({ ...failure, reason: failure.reason.replace(virtioPorts, "PORTS") }).toEqual({
      kind: "no-port",
      reason,
    });
  });

  test("holderOf() names the process that has a device", () => {
    const ports = machine.ports();
    const { path } = ports.add("virtio.serial.port.poweragent.0", () => []);
    expect(holderOf(path)?.pid).toBe(process.pid); // the terminal is kept open by this test
    expect(holderOf(join(ports.directory, "nothing"))).toBeUndefined();
  });
});

describe("on bare metal", () => {
  test("an lcore is a CPU, and its settings are restored at its exit", async () => {
    const all = places();
    const tree = bareMetal(all.cpus);
    const power = openPower({ places: all, env: "cpufreq" });
    const speed = () => tree.read(1, "scaling_setspeed");
    expect(await power.init(1)).toEqual(GRANTED);
    expect([speed(), power.getFreq(1), power.turboStatus(1)]).toEqual([
      "2301000",
      { kind: "granted", value: 0 },
      { kind: "granted", value: true },
    ]);
    expect(power.freqs(1)).toEqual({ kind: "granted", value: KHZ });
    expect(power.getCapabilities(1)).toEqual({ kind: "granted", value: { turbo: true, priority: false } });
    const seen = [];
    for (const call of [power.freqMin, power.freqUp, power.disableTurbo, power.freqMax, power.freqDown]) {
      expect(await call(1)).toEqual(GRANTED);
      seen.push(speed());
    }
    expect(seen).toEqual(["1200000", "1700000", "1700000", "2300000", "1700000"]);
    expect([power.setFreq(1, 3), speed()]).toEqual([GRANTED, "1200000"]);
    expect(power.setFreq(1, 4)).toEqual({ kind: "invalid", reason: "CPU 1 has no speed 4, only 4" });
    tree.write(1, "scaling_cur_freq", "1200000"); // as the kernel would
    expect(await power.queryFreqs(1, 1)).toEqual({ kind: "granted", value: [undefined, 1_200_000] });
    expect((await power.sendPolicy(1, { type: "time", vcpus: [1] })).kind).toBe("not-supported");
    expect(await power.exit(1)).toEqual(GRANTED);
    expect([speed(), tree.read(1, "scaling_governor")]).toEqual(["<unsupported>", "schedutil"]);
    expect(fs.readdirSync(all.journal)).toEqual([]);
  });

  test("CPUs of one clock get the highest of their requests", async () => {
    const all = places();
    const tree = bareMetal(all.cpus);
    const power = openPower({ places: all, env: "cpufreq" });
    const speed = () => tree.read(2, "scaling_setspeed");
    await power.init(2);
    await power.init(3);
    await power.freqMin(2);
    expect(speed()).toBe("2301000");
    await power.freqMin(3);
    expect(speed()).toBe("1200000");
    await power.freqUp(3);
    expect(speed()).toBe("1700000");
    await power.exit(3);
    expect(speed()).toBe("1200000");
    await power.exit(2);
    expect(speed()).toBe("<unsupported>");
  });

  test("with keep the settings stay, and the next process continues from them", async () => {
    const all = places();
    const tree = bareMetal(all.cpus);
    const once = async (action: "min" | "up") => {
      const power = openPower({ places: all, env: "cpufreq", keep: true });
      const outcomes = [await power.init(0), await power.scale(0, action), await power.exit(0)];
      tree.write(0, "scaling_cur_freq", tree.read(0, "scaling_setspeed") ?? ""); // as the kernel would
      return [...outcomes.map(({ kind }) => kind), tree.read(0, "scaling_setspeed")];
    };
    expect(await once("min")).toEqual(["granted", "granted", "granted", "1200000"]);
    expect(await once("up")).toEqual(["granted", "granted", "granted", "1700000"]);
    const power = openPower({ places: all, env: "cpufreq" });
    await power.init(0);
    await power.exit(0);
    expect([tree.read(0, "scaling_setspeed"), tree.read(0, "scaling_governor")]).toEqual([
      "<unsupported>",
      "schedutil",
    ]);
  });

  test("a CPU that cannot be scaled is reported with the reason", async () => {
    const all = places();
    bareMetal(all.cpus).setOnline(1, false);
    const power = openPower({ places: all, env: "cpufreq" });
    expect([await power.init(1), await power.init(9)]).toEqual([
      { kind: "no-port", reason: "CPU 1 cannot be scaled: offline" },
      { kind: "no-port", reason: "CPU 9 cannot be scaled: no such CPU" },
    ]);
  });
});
