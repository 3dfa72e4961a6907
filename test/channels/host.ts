import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import type { Channel, ChannelHost } from "../../src/channels/channel.ts";
import { Channels } from "../../src/channels/channels.ts";

/** A directory for channels, and a host that records its calls. */
export function testChannels(overrides: Partial<ChannelHost> & { strict?: boolean; max?: number } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "vm-power-channels-"));
  const lines: string[] = [];
  const packets: { channel: string; frame: Uint8Array }[] = [];
  const changes: string[] = [];
  const line = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  const log: Log = {
    error: line("error"),
    warning: line("warning"),
    notice: line("notice"),
    info: line("info"),
    debug: line("debug"),
  };
  const nameOf = ({ vm, number }: Channel) => `${vm}.${number}`;
  const own = process.getuid?.() ?? 0;
  const host: ChannelHost = {
    trustedUids: new Set([own]),
    expects: () => true,
    admit: () => undefined,
    processOf: () => undefined,
    abiOf: () => "auto",
    peerOf: () => ({ uid: own, pid: process.pid }),
    turnBegins() {},
    settle() {},
    answered() {},
    mayHurry: () => true,
    packet: (channel, frame) => void packets.push({ channel: nameOf(channel), frame: frame.slice() }),
    changed: (channel) => void changes.push(`${nameOf(channel)} ${channel.status}`),
    ...overrides,
  };
  const channels: Channels = new Channels(
    { directory, strict: overrides.strict ?? false, max: overrides.max ?? 100, log },
    host,
  );
  return {
    directory,
    channels,
    lines,
    packets,
    changes,
    path: (name: string) => join(directory, name),
    [Symbol.dispose]() {
      channels.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
