import { expect, test } from "bun:test";
import type { Log } from "../../src/base/log.ts";
import type { Channel } from "../../src/channels/channel.ts";
import type { Parts } from "../../src/daemon/control.ts";
import { Happenings } from "../../src/daemon/happenings.ts";

test("a channel that comes and goes without end is told a few times a minute, beside others", () => {
  const lines: string[] = [];
  const line = (message: string) => void lines.push(message);
  const log: Log = { error: line, warning: line, notice: line, info: line, debug: line };
  const parts = {
    channels: { of: () => [{ status: "connected" }] },
    events: { tell() {} },
    store: { vm: () => ({}) },
    vms: { complete: true },
  } as unknown as Parts;
  const happenings = new Happenings(() => parts, log);
  const channel = (number: number, status: string) => ({ vm: "web1", number, status }) as unknown as Channel;
  for (let change = 0; change < 1000; change++)
    happenings.channelChanged(channel(0, change % 2 === 0 ? "connected" : "connecting"));
  happenings.channelChanged(channel(1, "connected"));
  expect(lines).toEqual([
    "Channel web1.0 is connected",
    "Channel web1.0 is connecting",
    "Channel web1.0 is connected",
    "Channel web1.0 is connecting",
    "Channel web1.0 is connected",
    "Channel web1.1 is connected",
  ]);
  happenings.close();
});
