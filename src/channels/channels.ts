import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../base/log.ts";
import { Channel, type ChannelHost } from "./channel.ts";
import { judgeDirectory, type Objection } from "./judge.ts";
import { parseChannelName } from "./name.ts";
import { watchDirectory } from "./watch.ts";

/** All channels of the host, as the directory shows them. */
export interface Channels {
  /** Every channel that was found, served or not. */
  list(): Iterable<Channel>;
  of(vm: string): readonly Channel[];
  /** Looks at the directory again. Cheap; also called now and then, because events get lost. */
  scan(): void;
  /** Judges channels again, of one VM or of all: a domain came or went, or an operator decided. */
  reconsider(vm?: string): void;
  /** What is wrong with the directory, if anything. */
  problem(): Objection | undefined;
  close(): void;
}

/** What {@link openChannels} needs beside its host. */
export interface ChannelsOptions {
  readonly directory: string;
  /** Whether to refuse a directory that strangers may write to, instead of warning. */
  readonly strict: boolean;
  /** Channels beyond so many are left alone; keeps the process below its limit of open files. */
  readonly max: number;
  readonly log: Log;
}

/** Finds the sockets in a directory that need not exist yet, and keeps a channel for each; begins at the first scan. */
export function openChannels(options: ChannelsOptions, host: ChannelHost): Channels {
  const { directory, log } = options;
  const channels = new Map<string, Channel>();
  const byVm = new Map<string, Channel[]>();
  let problem: Objection | undefined;
  let full = false;

  function scan(): void {
    const { stats, objection } = judgeDirectory(directory, host.trustedUids);
    if (objection?.reason !== problem?.reason) reportDirectory(objection);
    problem = objection;
    watch.follow(stats?.ino);
    const usable = objection === undefined || !(objection.unusable || options.strict);
    settle(usable ? entries(directory) : []);
  }

  /** A socket whose file is gone lives on until it closes, as it does for QEMU. */
  function settle(found: readonly string[]): void {
    const files = new Set(found);
    for (const [file, channel] of channels)
      if (!files.has(file) && channel.status !== "connected") drop(file, channel);
    for (const file of found) {
      const channel = channels.get(file) ?? add(file);
      channel?.reconsider();
    }
  }

  function add(file: string): Channel | undefined {
    const name = parseChannelName(file);
    if (name === undefined) return undefined;
    if (channels.size >= options.max) {
      if (!full) log.error(`More than ${options.max} channels in "${directory}": the others are not served`);
      full = true;
      return undefined;
    }
    const channel = new Channel(name, join(directory, file), host);
    channels.set(file, channel);
    byVm.set(
      name.vm,
      [...(byVm.get(name.vm) ?? []), channel].sort((a, b) => a.number - b.number),
    );
    return channel;
  }

  function drop(file: string, channel: Channel): void {
    channels.delete(file);
    const rest = (byVm.get(channel.vm) ?? []).filter((other) => other !== channel);
    if (rest.length > 0) byVm.set(channel.vm, rest);
    else byVm.delete(channel.vm);
    channel.close();
    full = false;
  }

  function reportDirectory(objection: (Objection & { unusable: boolean }) | undefined): void {
    if (objection === undefined) {
      log.info(`Watching "${directory}" for channels`);
      return;
    }
    const refused = objection.unusable || options.strict;
    const remedy = objection.remedy === undefined ? "" : `; ${objection.remedy}`;
    log.warning(
      `Channel directory "${directory}" ${objection.reason}${refused ? ", it is not used" : ""}${remedy}`,
    );
  }

  const watch = watchDirectory(directory, scan);
  return {
    list: () => channels.values(),
    of: (vm) => byVm.get(vm) ?? [],
    scan,
    reconsider(vm) {
      for (const channel of vm === undefined ? channels.values() : (byVm.get(vm) ?? [])) channel.reconsider();
    },
    problem: () => problem,
    close() {
      watch.close();
      for (const channel of channels.values()) channel.close();
      channels.clear();
    },
  };
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
