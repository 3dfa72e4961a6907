import { describe, expect, spyOn, test } from "bun:test";
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { DOMAIN_CHANNELS_MAX } from "../../src/base/domain.ts";
import { parseChannelName } from "../../src/channels/name.ts";
import { OTHERS_MAX } from "../../src/channels/room.ts";
import { connect, packet, scale, startPort, UP } from "../daemon/port.ts";
import { until } from "../daemon/until.ts";
import { testChannels } from "./host.ts";

test("parseChannelName() reads the number after the last dot", () => {
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

describe("Channels", () => {
  test("serves sockets that exist, that appear, and that reappear", async () => {
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
    // Its missing file may be noticed before inotify tells.
    const seen = host.changes.filter((change) => change.startsWith("vm.1") && change !== "vm.1 refused");
    expect(seen).toEqual(["vm.1 connected", "vm.1 connecting", "vm.1 connected"]);
    again.close();
    first.close();
  });

  test("refresh() finds a socket that made no event, and one that replaced another", async () => {
    using host = testChannels();
    host.channels.scan();
    const watched = spyOn(host.channels, "scan");
    for (const name of ["vm.0", "vm.1"]) {
      // Quiet for longer than a tick, so that the directory counts as unchanged.
      for (const _ of [1, 2, 3]) {
        await Bun.sleep(150);
        host.channels.refresh();
      }
      watched.mockClear();
      host.channels.refresh();
      expect(watched).not.toHaveBeenCalled();
      // The event comes only in a later turn of the event loop.
      const port = startPort(host.path(name));
      host.channels.refresh();
      expect([...host.channels.list()].map(({ path }) => path)).toContain(host.path(name));
      await port.ready();
      port.close();
    }
  });

  test("passes packets on whole and in order, however the stream is cut", async () => {
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

  test("gives another channel its turn after 32 packets", async () => {
    using host = testChannels();
    const [flood, quiet] = [startPort(host.path("flood.0")), startPort(host.path("quiet.0"))];
    host.channels.scan();
    await Promise.all([flood.ready(), quiet.ready()]);
    quiet.send(scale(0, UP));
    host.channels.of("flood")[0]?.received(Buffer.concat(Array.from({ length: 250 }, () => scale(0, UP))));
    expect(host.packets).toHaveLength(32);
    await until(() => host.packets.length === 251);
    const turn = host.packets.findIndex(({ channel }) => channel === "quiet.0");
    expect(turn).toBeLessThanOrEqual(64); // of 250: behind two turns of the flood at the most
    flood.close();
    quiet.close();
  });

  test("reads 32 packets at a time, with a rest between, of a guest that is told to rest", async () => {
    const handledMs: number[] = [];
    using host = testChannels({
      packet(channel) {
        handledMs.push(performance.now());
        channel.rest();
      },
    });
    const port = startPort(host.path("flood.0"));
    host.channels.scan();
    await port.ready();
    port.send(Buffer.concat(Array.from({ length: 200 }, () => scale(0, UP))));
    await until(() => handledMs.length === 200);
    const waits = [32, 64, 96, 128, 160, 192].map((i) => (handledMs[i] ?? 0) - (handledMs[i - 1] ?? 0));
    // A timer never fires too early, but for the fraction of a millisecond that it is rounded by.
    expect(waits.filter((ms) => ms < 9)).toEqual([]);
    port.send(scale(0, UP));
    await until(() => handledMs.length === 201);
    port.close();
  });

  test("reads on after a breath where a turn leaves packets behind, unless it may hurry", async () => {
    const handledMs: number[] = [];
    let mayHurry = false;
    using host = testChannels({
      packet: () => void handledMs.push(performance.now()),
      mayHurry: () => mayHurry,
    });
    const port = startPort(host.path("flood.0"));
    host.channels.scan();
    await port.ready();
    const many = Buffer.concat(Array.from({ length: 96 }, () => scale(0, UP)));
    const [channel] = host.channels.of("flood");
    channel?.received(many);
    expect(handledMs).toHaveLength(32);
    await until(() => handledMs.length === 96);
    const waits = [32, 64].map((i) => (handledMs[i] ?? 0) - (handledMs[i - 1] ?? 0));
    expect(waits.filter((ms) => ms < 0.5)).toEqual([]);
    mayHurry = true;
    channel?.received(Buffer.from(many));
    await new Promise((turn) => setImmediate(turn));
    await new Promise((turn) => setImmediate(turn));
    expect(handledMs).toHaveLength(192);
    port.close();
  });

  test("refuses a file that is not a socket of a trusted user, with the reason (S9)", async () => {
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
      ["refused", "it is not a socket"],
      ["refused", "it is not a socket"],
    ]);
    port.close();
    using foreign = testChannels({ trustedUids: new Set([54_321]) });
    startPort(foreign.path("vm.0")).close();
    foreign.channels.scan();
    expect(foreign.channels.problem()?.reason).toBe(`belongs to the untrusted user ${uid}`);
  });

  test("does not connect to a dead socket again and again", async () => {
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

  test("calls admit() again when told to, and closes channels that are no longer admitted", async () => {
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

  test("serves at most the allowed number of channels, and reports that once", () => {
    using host = testChannels({ max: 2, admit: () => ({ reason: "for this test" }) });
    const ports = [4, 3, 2, 1, 0].map((number) => startPort(host.path(`vm.${number}`)));
    host.channels.scan();
    host.channels.scan();
    expect([...host.channels.list()].map(({ number }) => number)).toEqual([0, 1]);
    expect(host.lines.filter((line) => line.startsWith("error"))).toEqual([
      "error: 3 channels are not served: the limit is 1024 for each VM and 2 in total",
    ]);
    for (const port of ports) port.close();
  });

  test("serves at most the allowed number of channels when their VMs become known after them", async () => {
    let known = false;
    using host = testChannels({
      max: 2,
      expects: () => known,
      admit: () => (known ? undefined : { reason: "not known" }),
    });
    const ports = [0, 1, 2, 3].map((number) => startPort(host.path(`vm.${number}`)));
    host.channels.scan();
    known = true;
    host.channels.reconsider();
    await Promise.all(ports.slice(0, 2).map((port) => port.ready()));
    const connected = () => host.channels.of("vm").flatMap((c) => (c.status === "connected" ? c.number : []));
    expect([connected(), ports.map((port) => port.connected)]).toEqual([
      [0, 1],
      [true, true, false, false],
    ]);
    // A channel that closes makes room for another.
    ports[0]?.close();
    await until(() => {
      host.channels.scan();
      return connected().length === 2 && !connected().includes(0);
    });
    for (const port of ports) port.close();
  });

  test("serves a VM however many other files are in the directory", async () => {
    using host = testChannels({ max: 2, expects: (vm) => vm === "vm" });
    for (let i = 0; i < OTHERS_MAX + 10; i++) writeFileSync(host.path(`vm.${i + 100}`), "");
    const stranger = startPort(host.path("stranger.0"));
    const ports = [startPort(host.path("vm.0")), startPort(host.path("vm.1"))];
    host.channels.scan();
    await Promise.all(ports.map((port) => port.ready()));
    expect([...host.channels.list()]).toHaveLength(OTHERS_MAX + 2);
    expect(host.lines.filter((line) => !line.startsWith("info"))).toEqual([
      `warning: "${host.directory}" contains more than 1024 files that are not sockets or belong to no known VM: 11 of them are ignored`,
    ]);
    for (const port of [stranger, ...ports]) port.close();
  });

  test("finds the channel of a VM that becomes known, also if other files had exceeded the limit", async () => {
    let known = "";
    using host = testChannels({ expects: (vm) => vm === known });
    for (let i = 0; i < OTHERS_MAX; i++) writeFileSync(host.path(`junk.${i}`), "");
    host.channels.scan();
    const port = startPort(host.path("vm.0"));
    await until(() => host.lines.some((line) => line.includes("are ignored")));
    expect(host.channels.of("vm")).toEqual([]);
    known = "vm";
    host.channels.reconsider("vm");
    await port.ready();
    port.close();
  });

  test("serves the 1024 channels with the lowest numbers of each VM", async () => {
    using host = testChannels({ max: 5000, admit: () => ({ reason: "for this test" }) });
    const port = startPort(host.path("other.9"));
    // Links to a socket are sockets, and cost no listener.
    for (let i = 0; i < DOMAIN_CHANNELS_MAX + 50; i++) linkSync(port.path, host.path(`vm.${i}`));
    host.channels.scan();
    expect(host.channels.of("vm").map(({ number }) => number)).toEqual(
      Array.from({ length: DOMAIN_CHANNELS_MAX }, (_, number) => number),
    );
    expect(host.channels.of("other")).toHaveLength(1);
    port.close();
  });

  test("examines each of 16,000 files of one VM once, and sorts its channels once", () => {
    const files = 16_000;
    let asked = 0;
    const expects = () => ++asked > 0;
    using host = testChannels({ max: 20_000, expects, admit: () => ({ reason: "for this test" }) });
    for (let i = 0; i < files; i++) writeFileSync(host.path(`vm.${i}`), "");
    const first = startPort(host.path("vm.16000"));
    for (let i = 16_001; i < 17_000; i++) linkSync(first.path, host.path(`vm.${i}`));
    const sort = spyOn(Array.prototype, "sort");
    host.channels.scan();
    for (let i = 0; i < 10; i++) expect(host.channels.of("vm")).toHaveLength(1000 + OTHERS_MAX);
    const sorted = sort.mock.contexts.map((array) => (array as unknown[]).length);
    sort.mockRestore();
    // Once the files that are new, by number, and once the channels of the VM.
    expect(sorted.sort((a, b) => a - b)).toEqual([1000 + OTHERS_MAX, files + 1000]);
    expect(asked).toBe(1000);
    first.close();
  });

  test("reconnects to a socket that closes at once only after its back-off, however often it scans", async () => {
    let dialled: number | undefined;
    using host = testChannels({
      changed({ status }) {
        if (status !== "connecting") return;
        // All in one turn, in which no time passes.
        const connect = spyOn(Bun, "connect");
        for (let scan = 0; scan < 100; scan++) host.channels.scan();
        dialled = connect.mock.calls.length;
        connect.mockRestore();
      },
    });
    const port = startPort(host.path("vm.0"));
    host.channels.scan();
    await port.ready();
    port.drop();
    await until(() => port.connections === 2);
    expect(dialled).toBe(0);
    port.close();
  });

  test("follows a directory that is replaced", async () => {
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
