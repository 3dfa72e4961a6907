import { describe, expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { startPort } from "../daemon/port.ts";
import { until } from "../daemon/until.ts";
import { served } from "./elsewhere.ts";
import { testChannels } from "./host.ts";

describe("The process of a VM", () => {
  const own = process.getuid?.() ?? 0;

  test("alone may serve its sockets; any other is refused, with the reason", async () => {
    let [vm, peer] = [700, 41];
    using host = testChannels({ processOf: () => vm, peerOf: () => ({ uid: own, pid: peer }) });
    const port = startPort(host.path("web1.0"));
    host.channels.scan();
    await until(() => host.changes.length === 1);
    expect(served(host.channels, "web1")).toEqual([
      [0, "its socket is served by process 41, and its VM is process 700"],
    ]);
    peer = 0;
    await until(() => host.changes.length === 2);
    expect(served(host.channels, "web1")).toEqual([
      [0, "its socket is served by a process that cannot be seen from here, and its VM is process 700"],
    ]);
    // libvirt made the socket, and QEMU listens on it only a moment later.
    peer = 700;
    await until(() => host.changes.at(-1) === "web1.0 connected");
    // The VM runs again: the old process has no say any more.
    vm = 800;
    host.channels.reconsider("web1");
    expect(host.changes.at(-1)).toBe("web1.0 refused");
    peer = 800;
    await until(() => host.changes.at(-1) === "web1.0 connected");
    port.close();
  });

  test("is connected at once when the hypervisor names it, however long another one was there", async () => {
    let vm = 700;
    using host = testChannels({ processOf: () => vm, peerOf: () => ({ uid: own, pid: 800 }) });
    const port = startPort(host.path("web1.0"));
    host.channels.scan();
    await until(() => port.connections === 8);
    vm = 800;
    host.channels.reconsider("web1");
    await until(() => host.changes.at(-1) === "web1.0 connected", 200);
    port.close();
  });

  test("is not taken for that of another file, which was put in its place during the connect", async () => {
    let replaced = 0;
    using host = testChannels({
      peerOf() {
        if (replaced++ === 0) renameSync(host.path("other"), host.path("web1.0"));
        return { uid: own, pid: 700 };
      },
    });
    const [first, second] = [startPort(host.path("web1.0")), startPort(host.path("other"))];
    host.channels.scan();
    await until(() => host.changes.length === 2);
    expect(host.changes).toEqual(["web1.0 refused", "web1.0 connected"]);
    expect([first.connected, second.connected]).toEqual([false, true]);
    first.close();
    second.close();
  });
});
