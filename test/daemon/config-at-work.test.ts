import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { ONE_VM, startScaled } from "./scaled.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const speed = (cpu: number) => host.tree.read(cpu, "scaling_setspeed");

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
    host = makeTestHost({ sections: ONE_VM });
    const port = await startScaled(host);
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
