import { expect, test } from "bun:test";
import type { Log } from "../../src/base/log.ts";
import type { Channel } from "../../src/channels/channel.ts";
import { HostEvents } from "../../src/daemon/host/host-events.ts";
import { limitedLog } from "../../src/daemon/limited-log.ts";
import type { Parts } from "../../src/daemon/parts.ts";
import { realTime } from "./time.ts";

/** A host on which each channel is connected, and the lines that its log shows at the usual level. */
function watched() {
  const lines: string[] = [];
  const line = (message: string) => void lines.push(message);
  const log: Log = { error: line, warning: line, notice: line, info: line, debug() {} };
  const parts = {
    channels: { of: () => [{ status: "connected" }], list: () => [{ status: "connected" }] },
    cpufreq: { clocks: () => [] },
    events: { publish() {} },
    store: { vm: () => ({}) },
    vms: { complete: true },
  } as unknown as Parts;
  const { time, alarm } = realTime();
  const hostEvents = new HostEvents(() => parts, { log, limited: limitedLog(log, time), alarm });
  const changed = (number: number, status: string) =>
    hostEvents.channelChanged({ vm: "web1", number, status } as unknown as Channel);
  return { hostEvents, changed, lines, alarm };
}

test("a channel that connects and disconnects all the time is logged a few times a minute, without suppressing other channels", () => {
  const { hostEvents, changed, lines, alarm } = watched();
  hostEvents.started();
  for (let change = 0; change < 1000; change++) changed(0, change % 2 === 0 ? "connected" : "connecting");
  changed(1, "connected");
  expect(lines).toEqual([
    "Channel web1.0 is connected",
    "Channel web1.0 is connecting",
    "Channel web1.0 is connected",
    "Channel web1.0 is connecting",
    "Channel web1.0 is connected",
    "Channel web1.1 is connected",
  ]);
  alarm.close();
});

test("a start tells of its channels in one line, and of those that are refused", () => {
  const { hostEvents, changed, lines, alarm } = watched();
  changed(0, "connected");
  changed(1, "refused");
  expect(hostEvents.started()).toBe("0 CPUs scaled, 1 of 1 channels connected");
  changed(2, "connected");
  expect(lines).toEqual(["Channel web1.1 is refused", "Channel web1.2 is connected"]);
  alarm.close();
});

test("a guest has not left while a connect to one of its channels is under way", async () => {
  const channel = { status: "connecting", isDialling: true };
  const ended: string[] = [];
  const parts = {
    arbiter: { endRequests: (vm: string) => ended.push(vm) && { writes: [] } },
    channels: { of: () => [channel], reconsider() {} },
    clocks: { settle() {} },
  } as unknown as Parts;
  const { time, alarm } = realTime();
  const log: Log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };
  const hostEvents = new HostEvents(() => parts, { log, limited: limitedLog(log, time), alarm });
  hostEvents.takenOver(["web1"]);
  await Bun.sleep(1200);
  expect(ended).toEqual([]);
  channel.isDialling = false;
  while (alarm.has("departure of web1")) await Bun.sleep(5);
  expect(ended).toEqual(["web1"]);
  alarm.close();
});
