import { describe, expect, spyOn, test } from "bun:test";
import { linkSync, writeFileSync } from "node:fs";
import { DOMAIN_CHANNELS_MAX } from "../../src/base/domain.ts";
import { OTHERS_MAX } from "../../src/channels/room.ts";
import { startPort } from "../daemon/port.ts";
import { until } from "../daemon/until.ts";
import { testChannels } from "./host.ts";

describe("Channels", () => {
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
});
