import { describe, expect, test } from "bun:test";
import { setImmediate as turnEnds } from "node:timers/promises";
import { connect, packet, scale, startPort, UP } from "../daemon/port.ts";
import { until } from "../daemon/until.ts";
import { testChannels } from "./host.ts";

describe("Channels", () => {
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

  test("passes on what a guest sent right before its connection is lost", async () => {
    using host = testChannels();
    const port = startPort(host.path("vm.0"));
    host.channels.scan();
    await port.ready();
    port.send(Buffer.concat([scale(0, UP), scale(1, UP)]));
    port.close();
    await until(() => host.changes.includes("vm.0 connecting"));
    expect(host.packets.map(({ frame }) => frame)).toEqual([scale(0, UP), scale(1, UP)]);
  });

  test("passes on what it received before it is closed", async () => {
    using host = testChannels();
    const port = startPort(host.path("vm.0"));
    host.channels.scan();
    await port.ready();
    host.channels.of("vm")[0]?.received(scale(0, UP));
    host.channels.close();
    expect(host.packets.map(({ frame }) => frame)).toEqual([scale(0, UP)]);
    port.close();
  });

  test("gives another channel its turn after 32 packets", async () => {
    using host = testChannels();
    const [flood, quiet] = [startPort(host.path("flood.0")), startPort(host.path("quiet.0"))];
    host.channels.scan();
    await Promise.all([flood.ready(), quiet.ready()]);
    quiet.send(scale(0, UP));
    host.channels.of("flood")[0]?.received(Buffer.concat(Array.from({ length: 250 }, () => scale(0, UP))));
    await turnEnds();
    expect(host.packets.filter(({ channel }) => channel === "flood.0")).toHaveLength(32);
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
    await turnEnds();
    expect(handledMs).toHaveLength(32);
    await until(() => handledMs.length === 96);
    const waits = [32, 64].map((i) => (handledMs[i] ?? 0) - (handledMs[i - 1] ?? 0));
    expect(waits.filter((ms) => ms < 0.5)).toEqual([]);
    mayHurry = true;
    channel?.received(Buffer.from(many));
    for (let turn = 0; turn < 3; turn++) await turnEnds();
    expect(handledMs).toHaveLength(192);
    port.close();
  });
});
