import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { MAX, MIN, scale, UP } from "./port.ts";
import { ONE_VM, startScaled } from "./scaled.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");

describe("channels connect and disconnect without an operator", () => {
  test("a lost connection is reconnected at once", async () => {
    host = makeTestHost({ sections: ONE_VM });
    const port = await startScaled(host);
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
    host = makeTestHost({ sections: ONE_VM });
    const port = await startScaled(host);
    host.run("vmpowerctl", "set-channel-status", "web1", "0", "disabled");
    port.send(scale(0, MAX));
    expect([(await port.silence()).length, speed(2), port.connected]).toEqual([464, "1200000", true]); // the old answer
    host.run("vmpowerctl", "set-channel-status", "web1", "all", "enabled");
    await port.ask(scale(0, MAX), 464);
    expect(speed(2)).toBe("2301000");
  });
});
