import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { DOWN, MAX, MIN, nack, scale, UP } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const ONE_VM = "[vm web1]\nVcpus=2,3\n";
const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");
const governor = (cpu: number) => host.tree.read(cpu, "scaling_governor");

/** The content of every file of the tree. */
function snapshot(): Record<string, string> {
  const files: Record<string, string> = {};
  const root = join(host.directory, "cpu");
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      files[join(entry.parentPath, entry.name)] = readFileSync(
        join(entry.parentPath, entry.name),
        "utf8",
      ).trim();
  }
  return files;
}

/** Starts a daemon that has set CPU 2 to its lowest speed; returns the tree from before. */
async function startScaled(
  sections = ONE_VM,
): Promise<{ found: Record<string, string>; port: ReturnType<TestHost["port"]> }> {
  host = makeTestHost({ sections });
  const found = snapshot();
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MIN), 464);
  expect(speed(2)).toBe("1200000");
  return { found, port };
}

describe("the original settings are restored", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("at %s, which ends the daemon (R6)", async (signal) => {
    const { found } = await startScaled();
    expect(await host.end(signal)).toBe(0);
    expect(snapshot()).toEqual(found);
    expect(readdirSync(join(host.directory, "run/restore"))).toEqual([]);
  });

  test("after SIGKILL, by the next start (R7)", async () => {
    const { found } = await startScaled();
    await host.end("SIGKILL");
    expect(snapshot()).not.toEqual(found);
    await host.start();
    expect(snapshot()).toEqual(found);
  });

  test("after SIGKILL, by vm-power restore, and not while a daemon lives", async () => {
    const { found } = await startScaled();
    const alive = host.run("vm-power", "restore", "--config", host.configFile);
    expect([alive.code, alive.err.includes("vm-power is running")]).toEqual([1, true]);
    expect(speed(2)).toBe("1200000");
    await host.end("SIGKILL");
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(snapshot()).toEqual(found);
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(snapshot()).toEqual(found);
  });

  test("when the VM's channels close, and the VM is served again when they come back (R3)", async () => {
    const { found, port } = await startScaled();
    port.close();
    await until(() => Bun.deepEquals(snapshot(), found));
    expect(snapshot()).toEqual(found);
    const again = host.port("web1", 0);
    await again.ready();
    expect(await again.ask(scale(0, DOWN), 464)).toEqual(scale(0, DOWN));
    expect(speed(2)).toBe("2300000"); // from max, not from where the VM before it stood
  });

  test("except with OnExit=keep, until a later start restores them", async () => {
    const { found } = await startScaled(`${ONE_VM}[cpufreq]\nOnExit=keep\n`);
    await host.end("SIGTERM");
    expect(speed(2)).toBe("1200000");
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(speed(2)).toBe("1200000"); // kept means kept
    host.configure(ONE_VM);
    await host.start();
    const port = host.port("web1", 1);
    await port.ready();
    await port.ask(scale(0, MAX), 464);
    await host.end("SIGTERM");
    expect(snapshot()).toEqual(found);
  });

  test("except with OnExit=max, which leaves the highest speed", async () => {
    await startScaled(`${ONE_VM}[cpufreq]\nOnExit=max\n`);
    await host.end("SIGTERM");
    expect([speed(2), governor(3)]).toEqual(["2301000", "schedutil"]);
  });
});

describe("channels connect and disconnect without an operator", () => {
  test("a lost connection is reconnected at once", async () => {
    const { port } = await startScaled();
    port.drop();
    await until(() => port.connections === 2);
    await port.ask(scale(0, UP), 464);
    expect(speed(2)).toBe("1400000"); // the claim outlived the moment
  });

  test("the directory may be missing, be deleted and come back", async () => {
    host = makeTestHost({ sections: ONE_VM });
    rmSync(host.channels, { recursive: true });
    await host.start();
    for (let round = 0; round < 2; round++) {
      mkdirSync(host.channels);
      const port = host.port("web1", 0);
      await port.ready();
      expect(await port.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
      port.close();
      rmSync(host.channels, { recursive: true });
      await Bun.sleep(30);
    }
  });

  test("a VM's name may contain dots, and other files are ignored", async () => {
    host = makeTestHost({ sections: "[vm web.1.eu]\nVcpus=1\n" });
    for (const name of [
      "README",
      "web.1.eu",
      "web.1.eu.",
      ".5",
      "web.1.eu.007",
      "web.1.eu.99999999",
      "..",
      "a\nb.1",
    ].slice(0, -2))
      writeFileSync(join(host.channels, name), "");
    writeFileSync(join(host.channels, "evil\u001b[2J.0"), "");
    const port = host.port("web.1.eu", 12);
    await host.start();
    await port.ready();
    expect(await port.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
    expect(host.log()).not.toContain("\u001b");
  });

  test("an untrusted channel is refused with the reason and the remedy", async () => {
    host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n" });
    const real = host.port("web1", 0);
    symlinkSync(real.path, join(host.channels, "web1.1"));
    writeFileSync(join(host.channels, "web1.2"), "");
    host.port("stranger", 0);
    await host.start();
    await real.ready();
    const { channels } = host.ask("show-vm", "web1")["vm"] as {
      channels: { number: number; status: string; reason?: string }[];
    };
    expect(channels.map(({ number, status, reason }) => [number, status, reason])).toEqual([
      [0, "connected", undefined],
      [1, "refused", "it is a symbolic link"],
      [2, "refused", "it is not a socket"],
    ]);
    expect(host.run("vmpowerctl", "show-vm", "stranger").out).toContain("no VM of that name is configured");
  });

  test("AutoAdd=no: served only after add-vm, also after a restart", async () => {
    host = makeTestHost({ sections: `${ONE_VM}[channels]\nAutoAdd=no\n` });
    const port = host.port("web1", 0);
    await host.start();
    expect(port.connected).toBe(false);
    expect(host.run("vmpowerctl", "show-vm", "web1").out).toContain("vmpowerctl add-vm web1");
    expect(host.run("vmpowerctl", "add-vm", "web1").code).toBe(0);
    await port.ready();
    await host.end("SIGTERM");
    await host.start();
    await until(() => port.connections === 2);
    expect(host.run("vmpowerctl", "rm-vm", "web1").code).toBe(0);
    await until(() => !port.connected);
  });

  test("add-vm refuses an impossible name and warns of an unknown one, which forget-vm removes", async () => {
    host = makeTestHost({ sections: ONE_VM });
    await host.start();
    const impossible = host.run("vmpowerctl", "add-vm", "a/b");
    expect([impossible.code, impossible.err]).toEqual([2, 'No VM can be called "a/b": it contains a "/"\n']);
    expect(host.run("vmpowerctl", "add-vm", "web1").out).toBe("VM web1 is served\n");
    expect(host.run("vmpowerctl", "add-vm", "wbe1").out).toBe(
      "VM wbe1 is served; no VM of that name runs now; if it is misspelt, forget it: vmpowerctl forget-vm wbe1\n",
    );
    const names = () => (host.ask("list")["vms"] as { name: string }[]).map(({ name }) => name);
    expect(names()).toEqual(["wbe1", "web1"]);
    expect(host.run("vmpowerctl", "forget-vm", "web1").code).toBe(1);
    expect(host.run("vmpowerctl", "forget-vm", "wbe1").out).toBe("VM wbe1 is forgotten\n");
    expect(names()).toEqual(["web1"]);
    expect(host.run("vmpowerctl", "forget-vm", "wbe1").code).not.toBe(0);
    await host.end("SIGTERM");
    await host.start();
    expect(names()).toEqual(["web1"]);
  });

  test("a directory that every user may write to is used with a warning, or refused with StrictDirectory=yes", async () => {
    host = makeTestHost({ sections: ONE_VM });
    chmodSync(host.channels, 0o777);
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    expect(host.log()).toContain("can be written by everyone");
    await host.end("SIGTERM");
    host.configure(`${ONE_VM}[channels]\nStrictDirectory=yes\n`);
    await host.start();
    await Bun.sleep(50);
    expect([port.connections, host.log().includes("it is not used")]).toEqual([1, true]);
  });

  test("a disabled channel stays connected, and the packets of its guest are dropped without a reply", async () => {
    const { port } = await startScaled();
    host.run("vmpowerctl", "set-channel-status", "web1", "0", "disabled");
    port.send(scale(0, MAX));
    expect([(await port.silence()).length, speed(2), port.connected]).toEqual([464, "1200000", true]); // the old answer
    host.run("vmpowerctl", "set-channel-status", "web1", "all", "enabled");
    await port.ask(scale(0, MAX), 464);
    expect(speed(2)).toBe("2301000");
  });
});

describe("the configuration", () => {
  test("with errors ends the start with 78, and with file, line and a suggestion", () => {
    host = makeTestHost({ sections: "[cpufreq]\nMultipin=all\n" });
    for (const args of [
      ["--config", host.configFile],
      ["--check-config", "--config", host.configFile],
    ]) {
      const { code, err } = host.run("vm-power", ...args);
      expect([code, err.includes(`${host.configFile}.d/test.conf:2:`), err.includes("MultiPin")]).toEqual([
        78,
        true,
        true,
      ]);
    }
  });

  test("that does not fit this host causes warnings at --check-config and at the start", async () => {
    host = makeTestHost({ sections: "[vm web1]\nVcpus=2,77\n[channels]\nTrustedUsers=root nobody-here\n" });
    const { code, err } = host.run("vm-power", "--check-config", "--config", host.configFile);
    await host.start();
    for (const said of [err, host.log()])
      expect([
        said.includes('TrustedUsers names "nobody-here", a user that this host does not have'),
        said.includes('Vcpus of VM "web1" names CPU 77, which this host does not have'),
      ]).toEqual([true, true]);
    expect(code).toBe(0);
  });

  test("with too many errors ends with the number of further ones, and warnings are logged once", async () => {
    host = makeTestHost({ sections: "" });
    for (let file = 0; file < 30; file++)
      writeFileSync(`${host.configFile}.d/${file + 10}.conf`, `[cpufreq]\n${"Nonsense=1\n".repeat(90)}`);
    const { code, err } = host.run("vm-power", "--check-config", "--config", host.configFile);
    const lines = err.trimEnd().split("\n");
    expect([code, lines.length, lines.at(-1)]).toEqual([
      78,
      101,
      expect.stringMatching(/^And \d+ more problems$/),
    ]);
    await host.remove();
    host = makeTestHost({ sections: "[vm web1]\nVcpus=2\nMinKhz=2\n" });
    await host.start();
    expect(host.log()).toMatch(/ warning \S+test\.conf:3: MinKhz of VM "web1" is 2 kHz/);
  });

  test("is reloaded at SIGHUP, completely or not at all", async () => {
    const { port } = await startScaled();
    host.configure("[vm web1]\nVcpus=2,3\nMinKhz=1700000\n[vm new]\nVcpus=1\n");
    host.signal("SIGHUP");
    await until(() => speed(2) === "1700000"); // the claim that stands is kept within the new contract
    const fresh = host.port("new", 0);
    await fresh.ready();
    host.configure("[vm web1]\nVcpus=2,3\nMinKhz=1200000\n[nonsense]\n");
    host.signal("SIGHUP");
    await until(() => host.log().includes("was not reloaded"));
    host.configure("[vm web1]\nVcpus=2,3\nMinKhz=1200000\n[hypervisor]\nDriver=libvirt\n");
    await port.ask(scale(0, MIN), 464);
    expect(speed(2)).toBe("1700000");
  });
});

describe("beside the daemon", () => {
  test("a second daemon is refused and changes nothing", async () => {
    const { port } = await startScaled();
    const second = host.run("vm-power", "--config", host.configFile);
    const pid = (host.ask("status") as { pid?: number }).pid;
    expect([second.code, second.err]).toEqual([
      1,
      expect.stringContaining(
        `Another daemon (process ${pid}) uses Root="${host.directory}/cpu": stop that one, or set Root to another directory`,
      ),
    ]);
    expect(speed(2)).toBe("1200000");
    expect(await port.ask(scale(0, MAX), 464)).toEqual(scale(0, MAX));
  });

  test("a CPU can go offline and come back", async () => {
    const { port } = await startScaled();
    host.tree.setOnline(2, false);
    host.signal("SIGHUP"); // looks at once; without it, within seconds
    await until(() => host.log().includes("CPUs 2 are left alone"));
    expect(await port.ask(scale(0, MAX), 464)).toEqual(nack(scale(0, MAX)));
    host.tree.setOnline(2, true);
    host.signal("SIGHUP");
    const managed = () =>
      (host.ask("show-cpu-freq", "2")["cpus"] as { managed: boolean }[])[0]?.managed === true;
    await until(managed);
    expect(await port.ask(scale(0, DOWN), 464)).toEqual(scale(0, DOWN));
    expect(speed(2)).toBe("2300000");
  });

  test("an order holds again when its CPU was offline, and one that is refused meanwhile does not end it", async () => {
    await startScaled();
    expect(host.run("vmpowerctl", "set-cpu-freq", "3", "1700000", "--hold").code).toBe(0);
    host.tree.setOnline(3, false);
    host.signal("SIGHUP");
    await until(() => host.log().includes("CPUs 3 are left alone"));
    expect(host.run("vmpowerctl", "set-cpu-freq", "3", "max", "--hold").code).not.toBe(0);
    host.tree.setOnline(3, true);
    host.signal("SIGHUP");
    await until(() => speed(3) === "1700000");
  });

  test("another program's change is noticed, logged and overwritten (R9)", async () => {
    await startScaled();
    host.tree.write(2, "scaling_setspeed", "2000000");
    await until(
      () => host.log().includes('was changed from "1200000" to "2000000" by another program'),
      12_000,
    );
    expect(speed(2)).toBe("1200000");
  }, 15_000);
});

test("settings of operators survive a restart", async () => {
  await startScaled();
  expect(host.run("vmpowerctl", "set-cpu-freq", "0-1", "1700000", "--hold").code).toBe(0);
  await host.end("SIGTERM");
  expect(governor(0)).toBe("schedutil");
  await host.start();
  expect([speed(0), speed(1), speed(3)]).toEqual(["1700000", "1700000", "<unsupported>"]);
  expect(host.run("vmpowerctl", "set-cpu-freq", "0,1", "release").code).toBe(0);
  expect(governor(0)).toBe("schedutil");
});

test("after a SIGKILL at any moment, a start restores the settings", async () => {
  host = makeTestHost({ sections: ONE_VM });
  const found = snapshot();
  const port = host.port("web1", 0);
  for (let round = 0; round < 12; round++) {
    await host.start();
    await until(() => port.connections === round + 1);
    const storm = (async () => {
      for (let i = 0; i < 40; i++) port.send(scale(i % 2, 1 + (i % 6)));
    })().catch(() => {});
    await Bun.sleep(round / 4);
    await host.end("SIGKILL");
    await storm;
    expect(host.run("vm-power", "restore", "--config", host.configFile).code).toBe(0);
    expect(snapshot()).toEqual(found);
  }
}, 20_000);
