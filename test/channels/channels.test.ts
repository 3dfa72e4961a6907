import { describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { parseChannelName } from "../../src/channels/name.ts";
import { startPort } from "../daemon/port.ts";
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
