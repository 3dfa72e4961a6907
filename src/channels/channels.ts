import type { Stats } from "node:fs";
import { join } from "node:path";
import { LineLimiter } from "../base/line-limiter.ts";
import type { Log } from "../base/log.ts";
import { Channel, type ChannelHost } from "./channel.ts";
import { judgeDirectory, type Objection } from "./judge.ts";
import { type Found, listChannels } from "./listing.ts";
import { OTHERS_MAX, Room, VM_CHANNELS_MAX } from "./room.ts";
import { ChannelTable } from "./table.ts";
import { type DirectoryWatch, watchDirectory } from "./watch.ts";

/** What {@link Channels} needs besides its host. */
export interface ChannelsOptions {
  readonly directory: string;
  /** Whether to refuse a directory that others may write to, instead of warning. */
  readonly strict: boolean;
  /** The most channels that are served, so that the process stays below its limit of open files. */
  readonly max: number;
  readonly log: Log;
}

/** A directory as a scan found it. */
interface Scanned {
  readonly stats: Stats;
  /** On the monotonic clock. */
  readonly atMs: number;
  /** Whether any later change of the entries gives the directory another time. */
  certain: boolean;
}

/** The kernel's times of files advance by ticks: two changes within one may have the same time. */
const TICK_MS = 100;

/** Whether nothing says that the entries of a directory changed since a scan. */
function looksSame(now: Stats | undefined, { stats }: Scanned): boolean {
  return (
    now !== undefined &&
    (["ino", "dev", "uid", "mode", "mtimeMs"] as const).every((key) => now[key] === stats[key])
  );
}

/** If files were left out, the directory is scanned again this long after a VM became known. */
const LOOK_AGAIN_MS = 1000;

/**
 * All channels of the host. Finds the sockets in a directory, which may not exist yet, and keeps a channel for each.
 */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #host: ChannelHost;
  /** The host, but with an admit() that counts channels against the limits. */
  readonly #bounded: ChannelHost;
  readonly #table = new ChannelTable();
  readonly #limiter = new LineLimiter();
  readonly #watch: DirectoryWatch;
  /** The counts after the last scan. A VM that becomes known later uses the room that is left. */
  #room: Room;
  readonly #roomy = new Set<Channel>();
  #problem: (Objection & { readonly unusable: boolean }) | undefined;
  #scanned: Scanned | undefined;
  #leftOut = 0;
  #lookingAgain: Timer | undefined;

  /** Started by the first scan. */
  constructor(options: ChannelsOptions, host: ChannelHost) {
    this.#options = options;
    this.#host = host;
    this.#room = new Room(options.max);
    this.#bounded = Object.create(host, { admit: { value: (channel: Channel) => this.#admit(channel) } });
    this.#watch = watchDirectory(options.directory, () => this.scan());
  }

  /** Every channel that was found, served or not. */
  list(): Iterable<Channel> {
    return this.#table.values();
  }

  of(vm: string): readonly Channel[] {
    return this.#table.of(vm);
  }

  /** What is wrong with the directory; undefined if nothing is. */
  problem(): Objection | undefined {
    return this.#problem;
  }

  /** Whether the directory may be used, as the last scan found it. */
  get usable(): boolean {
    const problem = this.#problem;
    return problem === undefined || !(problem.unusable || this.#options.strict);
  }

  /** Checks channels again, of one VM or of all, after a domain came or went or an operator decided. */
  reconsider(vm?: string): void {
    for (const channel of vm === undefined ? this.list() : this.of(vm)) channel.reconsider();
    if (this.#leftOut > 0) this.#lookingAgain ??= setTimeout(() => this.scan(), LOOK_AGAIN_MS);
  }

  /**
   * Scans the directory if it changed since the last scan; otherwise only tries again the channels that are not
   * connected. It is called at intervals, because events can be lost, and costs little with thousands of channels.
   */
  refresh(): void {
    const { stats } = judgeDirectory(this.#options.directory, this.#host.trustedUids);
    const before = this.#scanned;
    const isSame = before !== undefined && looksSame(stats, before);
    if (isSame && before.certain && this.#leftOut === 0) {
      for (const channel of this.list()) if (channel.status !== "connected") channel.reconsider();
      return;
    }
    this.scan();
    if (this.#scanned !== undefined)
      this.#scanned.certain = isSame && performance.now() - before.atMs > TICK_MS;
  }

  /** Scans the directory. */
  scan(): void {
    const { directory } = this.#options;
    clearTimeout(this.#lookingAgain);
    this.#lookingAgain = undefined;
    const { stats, objection } = judgeDirectory(directory, this.#host.trustedUids);
    if (objection?.reason !== this.#problem?.reason) this.#reportDirectory(objection);
    this.#problem = objection;
    this.#scanned = stats === undefined ? undefined : { stats, atMs: performance.now(), certain: false };
    this.#watch.follow(stats?.ino);
    this.#settle(this.usable ? listChannels(directory) : []);
  }

  close(): void {
    clearTimeout(this.#lookingAgain);
    this.#watch.close();
    for (const channel of this.list()) channel.close();
    this.#table.clear();
  }

  #admit(channel: Channel): Objection | undefined {
    const objection = this.#host.admit(channel);
    if (objection !== undefined || this.#takesRoom(channel)) return objection;
    const { max } = this.#options;
    return { reason: `at most ${VM_CHANNELS_MAX} channels of a VM and ${max} in total are served` };
  }

  /** Before its VM was known, the channel did not count against the limits. */
  #takesRoom(channel: Channel): boolean {
    return (
      this.#roomy.has(channel) ||
      (this.#room.take(channel.vm, true) && this.#roomy.add(channel) !== undefined)
    );
  }

  /** A socket whose file was removed is served until it closes, as QEMU does. */
  #settle(found: readonly Found[]): void {
    const files = new Set(found.map(({ file }) => file));
    this.#room = new Room(this.#options.max);
    this.#roomy.clear();
    for (const [file, channel] of this.#table.entries()) {
      if (channel.status === "connected") this.#roomy.add(channel);
      if (files.has(file)) continue;
      if (channel.status === "connected") this.#room.take(channel.vm, true);
      else this.#drop(file, channel);
    }
    const {
      served = [],
      known = [],
      fresh = [],
    } = Object.groupBy(found, ({ file }) => {
      const channel = this.#table.get(file);
      return channel === undefined ? "fresh" : channel.status === "connected" ? "served" : "known";
    });
    // Channels with low numbers come first, because guests use those.
    fresh.sort((a, b) => a.name.number - b.name.number);
    for (const { file, name, mayBeSocket } of [...served, ...known, ...fresh]) {
      const path = join(this.#options.directory, file);
      const isExpected = mayBeSocket && this.#host.expects(name.vm, path);
      const hasRoom = this.#room.take(name.vm, isExpected);
      let channel = this.#table.get(file);
      if (hasRoom && channel === undefined) {
        channel = new Channel(name, path, this.#bounded);
        this.#table.add(file, channel);
      } else if (!hasRoom && channel !== undefined && channel.status !== "connected")
        this.#drop(file, channel);
      if (hasRoom && isExpected && channel !== undefined) this.#roomy.add(channel);
    }
    this.#reportLeft(this.#room.left);
    for (const channel of this.#table.values()) channel.reconsider();
  }

  #drop(file: string, channel: Channel): void {
    this.#table.remove(file, channel);
    channel.close();
  }

  #reportLeft({ expected, others }: Room["left"]): void {
    const before = this.#leftOut;
    this.#leftOut = expected + others;
    if (this.#leftOut <= before) return;
    if (expected > 0 && this.#limiter.allow("expected", performance.now()) !== undefined)
      this.#options.log.error(
        `${expected} channels in "${this.#options.directory}" are not served: the limit is ${VM_CHANNELS_MAX} for each VM and ${this.#options.max} in total`,
      );
    if (others > 0 && this.#limiter.allow("others", performance.now()) !== undefined)
      this.#options.log.warning(
        `"${this.#options.directory}" contains more than ${OTHERS_MAX} files that are not sockets or belong to no known VM: ${others} of them are ignored`,
      );
  }

  #reportDirectory(objection: (Objection & { unusable: boolean }) | undefined): void {
    if (this.#limiter.allow("directory", performance.now()) === undefined) return;
    if (objection === undefined) {
      this.#options.log.info(`Watching "${this.#options.directory}" for channels`);
      return;
    }
    const refused = objection.unusable || this.#options.strict;
    const remedy = objection.remedy === undefined ? "" : `; ${objection.remedy}`;
    this.#options.log.warning(
      `Channel directory "${this.#options.directory}" ${objection.reason}${refused ? ", it is not used" : ""}${remedy}`,
    );
  }
}
