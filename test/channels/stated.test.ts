import { describe, expect, test } from "bun:test";
import { chmodSync, linkSync, rmSync, symlinkSync } from "node:fs";
import { DOMAIN_CHANNELS_MAX } from "../../src/base/domain.ts";
import { startPort } from "../daemon/port.ts";
import { until } from "../daemon/until.ts";
import { elsewhere, served } from "./elsewhere.ts";
import { testChannels } from "./host.ts";

describe("Channels.state()", () => {
  test("serves what the hypervisor reports, wherever it lies, without a channel directory, as long as it is reported", async () => {
    using host = testChannels();
    using place = elsewhere(host);
    rmSync(host.directory, { recursive: true });
    host.channels.scan();
    const ports = [startPort(place.path("a")), startPort(place.path("no number"))];
    host.channels.state("web1", new Map(ports.map(({ path }, i) => [path, 3 + i])));
    await Promise.all(ports.map((port) => port.ready()));
    await until(() => host.changes.length === 2);
    host.channels.scan();
    expect(served(host.channels, "web1")).toEqual([
      [3, "connected"],
      [4, "connected"],
    ]);
    host.channels.state("web1", new Map([[place.path("a"), 3]]));
    await until(() => ports[1]?.connected === false);
    host.channels.state("web1", undefined);
    await until(() => ports[0]?.connected === false);
    expect([...host.channels.list()]).toEqual([]);
    for (const port of ports) port.close();
  });

  test("a socket that appears after its report is connected within a second", async () => {
    using host = testChannels();
    using place = elsewhere(host);
    host.channels.scan();
    host.channels.state("web1", new Map([[place.path("a"), 0]]));
    expect(served(host.channels, "web1")).toEqual([[0, "its socket cannot be read: ENOENT"]]);
    await Bun.sleep(100);
    const port = startPort(place.path("a"));
    await port.ready();
    port.close();
  });

  test("a socket that the directory has as well is one channel, as the hypervisor says whose", async () => {
    using host = testChannels();
    const [own, other] = [startPort(host.path("web1.0")), startPort(host.path("web2.0"))];
    host.channels.scan();
    await Promise.all([own.ready(), other.ready()]);
    host.channels.state("web1", new Map([[own.path, 0]]));
    host.channels.state("web3", new Map([[other.path, 7]]));
    await until(() => other.connections === 2);
    host.channels.scan();
    const all = () => [...host.channels.list()].map(({ vm, number }) => `${vm}.${number}`).sort();
    expect(all()).toEqual(["web1.0", "web3.7"]);
    expect(own.connections).toBe(1);
    // Without a report the file's name counts again.
    host.channels.state("web3", undefined);
    host.channels.scan();
    expect(all()).toEqual(["web1.0", "web2.0"]);
    own.close();
    other.close();
  });

  test("a socket whose file went before its report is forgotten with the report", async () => {
    using host = testChannels();
    const port = startPort(host.path("web1.0"));
    host.channels.state("web1", new Map([[port.path, 0]]));
    await port.ready();
    port.close();
    await until(() => host.channels.of("web1")[0]?.status !== "connected");
    host.channels.scan();
    host.channels.state("web1", undefined);
    expect([...host.channels.list()]).toEqual([]);
  });

  test("a socket that two VMs are said to have is neither's, as long as both are", async () => {
    using host = testChannels();
    using place = elsewhere(host);
    const port = startPort(place.path("a"));
    host.channels.scan();
    host.channels.state("web1", new Map([[port.path, 0]]));
    await port.ready();
    host.channels.state("web2", new Map([[port.path, 0]]));
    await until(() => !port.connected);
    expect([served(host.channels, "web1"), served(host.channels, "web2")]).toEqual([
      [[0, "web1 and web2 are both said to have its socket"]],
      [],
    ]);
    host.channels.state("web1", undefined);
    await port.ready();
    expect(served(host.channels, "web2")).toEqual([[0, "connected"]]);
    port.close();
  });

  test("refuses what cannot be the socket of a channel, with the reason", async () => {
    using host = testChannels();
    using place = elsewhere(host);
    const port = startPort(place.path("a"));
    symlinkSync(port.path, place.path("link"));
    linkSync(port.path, place.path("again"));
    const long = place.path("x".repeat(108));
    host.channels.scan();
    host.channels.state(
      "web1",
      new Map([
        [port.path, 0],
        [place.path("again"), 0],
        [place.path("link"), 1],
        ["run/a", 2],
        [long, 3],
      ]),
    );
    await port.ready();
    expect(served(host.channels, "web1")).toEqual([
      [0, "connected"],
      [0, `channel 0 of its VM has another socket, "${port.path}"`],
      [1, "it is a symbolic link"],
      [2, "the path of its socket does not begin at the root"],
      [3, "the path of its socket has more than 107 bytes"],
    ]);
    port.close();
  });

  test("with StrictDirectory nothing is served where everyone can write; without, that is said once", async () => {
    for (const strict of [true, false]) {
      using host = testChannels({ strict });
      using place = elsewhere(host);
      chmodSync(place.directory, 0o777);
      const ports = [startPort(place.path("a")), startPort(place.path("b"))];
      host.channels.scan();
      host.channels.state("web1", new Map(ports.map(({ path }, i) => [path, i])));
      const reason = `everyone can write to "${place.directory}"`;
      if (!strict) await Promise.all(ports.map((port) => port.ready()));
      expect(host.channels.of("web1").map(({ objection }) => objection?.reason)).toEqual(
        strict ? [reason, reason] : [undefined, undefined],
      );
      expect(host.lines.filter((line) => line.startsWith("warning"))).toEqual(
        strict ? [] : [`warning: Channels are served although ${reason}; chmod o-w ${place.directory}`],
      );
      for (const port of ports) port.close();
    }
  });

  test("the limits hold for what is reported, and a VM that ends gives its room back", async () => {
    using host = testChannels({ max: 2, admit: () => ({ reason: "for this test" }) });
    host.channels.scan();
    const sockets = (vm: string, count: number) =>
      new Map(Array.from({ length: count }, (_, i) => [`/nowhere/${vm}/${i}`, i]));
    const count = () => [...host.channels.list()].map(({ vm, number }) => `${vm}.${number}`);
    for (let run = 0; run < DOMAIN_CHANNELS_MAX + 10; run++) {
      host.channels.state("web1", sockets("web1", 2));
      expect(count()).toEqual(["web1.0", "web1.1"]);
      host.channels.state("web1", undefined);
    }
    host.channels.state("web1", sockets("web1", 1));
    host.channels.state("web2", sockets("web2", 3));
    expect(count()).toEqual(["web1.0", "web2.0"]);
    expect(host.lines.filter((line) => line.startsWith("error"))).toEqual([
      "error: 2 channels are not served: the limit is 1024 for each VM and 2 in total",
    ]);
    host.channels.state("web1", undefined);
    host.channels.refresh();
    expect(count()).toEqual(["web2.0", "web2.1"]);
  });

  test("a report that repeats itself, and a beat without news, look at no channel that is connected", async () => {
    let looks = 0;
    using host = testChannels({ admit: () => void looks++ });
    using place = elsewhere(host);
    rmSync(host.directory, { recursive: true });
    const ports = Array.from({ length: 50 }, (_, i) => startPort(place.path(`${i}`)));
    const sockets = new Map(ports.map(({ path }, i) => [path, i]));
    host.channels.scan();
    host.channels.state("web1", sockets);
    await until(() => host.changes.length === 50);
    looks = 0;
    host.channels.state("web1", new Map(sockets));
    for (let beat = 0; beat < 3; beat++) host.channels.refresh();
    expect(looks).toBe(0);
    for (const port of ports) port.close();
  });
});
