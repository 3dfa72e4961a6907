import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { parseChannelName } from "../../src/channels/name.ts";
import { until } from "../daemon/host.ts";
import { connect, packet, scale, startPort, UP } from "../daemon/port.ts";
import { testChannels } from "./host.ts";

test("parseChannelName() takes the number behind the last dot", () => {
  const names = [
    "web1.0",
    "web.1.31",
    "a.b.c.65535",
    "x.99999",
    "web1",
    "web1.",
    ".3",
    "web1.03",
    "web1.-1",
    "web1.1x",
    "web1.100000",
    "web1.0x1",
  ];
  expect(names.map(parseChannelName)).toEqual([
    { vm: "web1", number: 0 },
    { vm: "web.1", number: 31 },
    { vm: "a.b.c", number: 65_535 },
    { vm: "x", number: 99_999 },
    ...new Array(8).fill(undefined),
  ]);
});

describe("openChannels()", () => {
  test("serves what is there, what comes, and what comes back", async () => {
    using host = testChannels();
    const first = startPort(host.path("vm.0"));
    host.channels.scan();
    await first.ready();
    const second = startPort(host.path("vm.1")); // seen by inotify
    await second.ready();
    first.drop();
    await until(() => first.connections === 2);
    second.close();
    await until(() => host.channels.of("vm").length === 1);
    const again = startPort(host.path("vm.1"));
    await again.ready();
    expect(host.changes.filter((change) => change.startsWith("vm.1"))).toEqual([
      "vm.1 connected",
      "vm.1 connecting",
      "vm.1 connected",
    ]);
    again.close();
    first.close();
  });

  test("hands packets on whole and in order, however they are cut", async () => {
    using host = testChannels();
    const port = startPort(host.path("vm.0"));
    host.channels.scan();
    await port.ready();
    const sent = Array.from({ length: 200 }, (_, i) => packet(464, i % 64, 1 + (i % 6), 1));
    const stream = Buffer.concat([connect(), ...sent]);
    for (let at = 0; at < stream.length; at += 1000) {
      port.send(stream.subarray(at, at + 1000));
      if (at % 20_000 === 0) await until(() => host.packets.length >= Math.floor((at + 1000) / 464));
    }
    await until(() => host.packets.length === 201);
    expect(host.packets.map(({ frame }) => frame)).toEqual([connect(), ...sent]);
    port.close();
  });

  test("gives another channel its turn after 64 packets", async () => {
    using host = testChannels();
    const [flood, quiet] = [startPort(host.path("flood.0")), startPort(host.path("quiet.0"))];
    host.channels.scan();
    await Promise.all([flood.ready(), quiet.ready()]);
    flood.send(Buffer.concat(Array.from({ length: 250 }, () => scale(0, UP))));
    quiet.send(scale(0, UP));
    await until(() => host.packets.length === 251);
    const turn = host.packets.findIndex(({ channel }) => channel === "quiet.0");
    expect(turn).toBeLessThanOrEqual(128); // of 250: behind two turns of the flood at the most
    flood.close();
    quiet.close();
  });

  test("refuses what is no socket of a trusted user, with the reason", async () => {
    const uid = process.getuid?.() ?? 0;
    using strangers = testChannels({ trustedUids: new Set([uid]), peerOf: () => ({ uid: 12_345, pid: 1 }) });
    const port = startPort(strangers.path("vm.0"));
    symlinkSync(port.path, strangers.path("vm.1"));
    writeFileSync(strangers.path("vm.2"), "");
    mkdirSync(strangers.path("vm.3"));
    strangers.channels.scan();
    await until(() => strangers.changes.length === 4);
    expect(strangers.channels.of("vm").map(({ status, objection }) => [status, objection?.reason])).toEqual([
      ["refused", "its socket is served by the untrusted user 12345"],
      ["refused", "it is a symbolic link"],
      ["refused", "it is no socket"],
      ["refused", "it is no socket"],
    ]);
    port.close();
    using foreign = testChannels({ trustedUids: new Set([54_321]) });
    startPort(foreign.path("vm.0")).close();
    foreign.channels.scan();
    expect(foreign.channels.problem()?.reason).toBe(`belongs to the untrusted user ${uid}`);
  });

  test("does not try a dead file again and again", async () => {
    using host = testChannels();
    const port = startPort(host.path("vm.0"));
    renameSync(port.path, host.path("kept")); // the listener cannot remove it
    port.close();
    renameSync(host.path("kept"), host.path("vm.0"));
    host.channels.scan();
    await until(() => host.channels.of("vm")[0]?.objection !== undefined);
    expect(host.channels.of("vm")[0]?.objection?.reason).toBe("nobody listens on it (ECONNREFUSED)");
    rmSync(host.path("vm.0"));
    const alive = startPort(host.path("vm.0"));
    await alive.ready();
    alive.close();
  });

  test("asks admit() again when told, and ends what is admitted no more", async () => {
    let admitted = false;
    using host = testChannels({ admit: () => (admitted ? undefined : { reason: "not yet" }) });
    const port = startPort(host.path("vm.0"));
    host.channels.scan();
    expect(host.channels.of("vm")[0]?.status).toBe("refused");
    admitted = true;
    host.channels.reconsider("vm");
    await port.ready();
    admitted = false;
    host.channels.reconsider();
    await until(() => !port.connected);
    expect(host.changes).toEqual(["vm.0 refused", "vm.0 connected", "vm.0 refused"]);
    port.close();
  });

  test("serves no more channels than it may, and says so once", () => {
    using host = testChannels({ max: 2, admit: () => ({ reason: "for this test" }) });
    for (let i = 0; i < 5; i++) writeFileSync(host.path(`vm.${i}`), "");
    host.channels.scan();
    host.channels.scan();
    expect([...host.channels.list()].length).toBe(2);
    expect(host.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
  });

  test("follows a directory that is replaced by another", async () => {
    using host = testChannels();
    host.channels.scan();
    renameSync(host.directory, `${host.directory}.old`);
    mkdirSync(host.directory);
    host.channels.scan(); // the slow scan: a renamed directory makes no event
    const port = startPort(host.path("vm.0"));
    await port.ready();
    port.close();
    rmSync(`${host.directory}.old`, { recursive: true });
  });
});
