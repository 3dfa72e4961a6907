import { join } from "node:path";
import { LineLimiter } from "../base/line-limiter.ts";
import type { Log } from "../base/log.ts";
import { Channel, type ChannelHost } from "./channel.ts";
import { judgeDirectory, type Objection } from "./judge.ts";
import { type Found, listChannels } from "./listing.ts";
import { OTHERS_MAX, Room, VM_CHANNELS_MAX } from "./room.ts";
import { ChannelTable } from "./table.ts";
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

/** If files were left out, the directory is scanned again this long after a VM became known. */
const LOOK_AGAIN_MS = 1000;

/** Finds the sockets in a directory that need not exist yet, and keeps a channel for each; begins at the first scan. */
export function openChannels(options: ChannelsOptions, host: ChannelHost): Channels {
  const { directory, log } = options;
  const table = new ChannelTable();
  const limiter = new LineLimiter();
  /** As the last scan left it; who becomes known after that takes of what is left. */
  let room = new Room(options.max);
  const roomy = new Set<Channel>();
  let problem: Objection | undefined;
  let leftOut = 0;
  let lookingAgain: Timer | undefined;

  /** The host as channels see it: it admits no more of them than there is room for. */
  const bounded: ChannelHost = Object.create(host, {
    admit: {
      value: (channel: Channel) =>
        host.admit(channel) ??
        (takesRoom(channel)
          ? undefined
          : {
              reason: `there is room for ${VM_CHANNELS_MAX} channels of a VM, and for ${options.max} in all`,
            }),
    },
  });

  /** A channel that was found before its VM was known took none until now. */
  function takesRoom(channel: Channel): boolean {
    return roomy.has(channel) || (room.take(channel.vm, true) && roomy.add(channel) !== undefined);
  }

  function scan(): void {
    clearTimeout(lookingAgain);
    lookingAgain = undefined;
    const { stats, objection } = judgeDirectory(directory, host.trustedUids);
    if (objection?.reason !== problem?.reason) reportDirectory(objection);
    problem = objection;
    watch.follow(stats?.ino);
    const usable = objection === undefined || !(objection.unusable || options.strict);
    settle(usable ? listChannels(directory) : []);
  }

  /** A socket whose file is gone lives on until it closes, as it does for QEMU. */
  function settle(found: readonly Found[]): void {
    const files = new Set(found.map(({ file }) => file));
    room = new Room(options.max);
    roomy.clear();
    for (const [file, channel] of table.entries()) {
      if (channel.status === "connected") roomy.add(channel);
      if (files.has(file)) continue;
      if (channel.status === "connected") room.take(channel.vm, true);
      else drop(file, channel);
    }
    const {
      served = [],
      known = [],
      fresh = [],
    } = Object.groupBy(found, ({ file }) => {
      const channel = table.get(file);
      return channel === undefined ? "fresh" : channel.status === "connected" ? "served" : "known";
    });
    // A guest uses its first channels, so those find room first.
    fresh.sort((a, b) => a.name.number - b.name.number);
    for (const { file, name, mayBeSocket } of [...served, ...known, ...fresh]) {
      const path = join(directory, file);
      const isExpected = mayBeSocket && host.expects(name.vm, path);
      const hasRoom = room.take(name.vm, isExpected);
      let channel = table.get(file);
      if (hasRoom && channel === undefined) {
        channel = new Channel(name, path, bounded);
        table.add(file, channel);
      } else if (!hasRoom && channel !== undefined && channel.status !== "connected") drop(file, channel);
      if (hasRoom && isExpected && channel !== undefined) roomy.add(channel);
    }
    reportLeft(room.left);
    for (const channel of table.values()) channel.reconsider();
  }

  function drop(file: string, channel: Channel): void {
    table.remove(file, channel);
    channel.close();
  }

  function reportLeft({ expected, others }: Room["left"]): void {
    const before = leftOut;
    leftOut = expected + others;
    if (leftOut <= before) return;
    if (expected > 0 && limiter.allow("expected", performance.now()) !== undefined)
      log.error(
        `${expected} channels in "${directory}" are not served: there is room for ${VM_CHANNELS_MAX} of a VM, and for ${options.max} in all`,
      );
    if (others > 0 && limiter.allow("others", performance.now()) !== undefined)
      log.warning(
        `"${directory}" holds more than ${OTHERS_MAX} files that are no sockets, or of no VM that is known: ${others} are not looked at`,
      );
  }

  function reportDirectory(objection: (Objection & { unusable: boolean }) | undefined): void {
    if (limiter.allow("directory", performance.now()) === undefined) return;
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
    list: () => table.values(),
    of: (vm) => table.of(vm),
    scan,
    reconsider(vm) {
      for (const channel of vm === undefined ? table.values() : table.of(vm)) channel.reconsider();
      if (leftOut > 0) lookingAgain ??= setTimeout(scan, LOOK_AGAIN_MS);
    },
    problem: () => problem,
    close() {
      clearTimeout(lookingAgain);
      watch.close();
      for (const channel of table.values()) channel.close();
      table.clear();
    },
  };
}
