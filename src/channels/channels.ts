import { basename, dirname } from "node:path";
import { DOMAIN_CHANNELS_MAX } from "../base/domain.ts";
import type { Log } from "../base/log.ts";
import { Channel, type ChannelHost, type ChannelOwner } from "./channel.ts";
import { ChannelLog } from "./channel-log.ts";
import { isOpenToAll, judgeDirectory, judgeSocket, type Objection, type SocketFile } from "./judge.ts";
import { type Found, listChannels } from "./listing.ts";
import { type ChannelName, parseChannelName } from "./name.ts";
import { isForeign } from "./place.ts";
import { Room } from "./room.ts";
import { looksSame, type Scanned, TICK_MS } from "./scanned.ts";
import { StatedSockets } from "./stated.ts";
import { ChannelTable } from "./table.ts";
import { Turn } from "./turn.ts";
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

/** If files were left out, the directory is scanned again this long after a VM became known. */
const LOOK_AGAIN_MS = 1000;

/**
 * All channels of the host: the sockets in a directory, which may not exist yet, and those that the hypervisor reports,
 * wherever they lie.
 */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #host: ChannelHost;
  /** The host, but with an admit() that counts channels against the limits. */
  readonly #owner: ChannelOwner;
  readonly #turn: Turn;
  readonly #table = new ChannelTable();
  readonly #stated = new StatedSockets();
  readonly #log: ChannelLog;
  readonly #watch: DirectoryWatch;
  /** The counts after the last scan. A VM that becomes known later uses the room that is left. */
  #room: Room;
  readonly #roomy = new Set<Channel>();
  #problem: (Objection & { readonly unusable: boolean }) | undefined;
  #scanned: Scanned | undefined;
  /** The files of the last scan. */
  #listed: ReadonlySet<string> = new Set();
  #leftOut = 0;
  #lookingAgain: Timer | undefined;

  /** Started by the first scan. */
  constructor(options: ChannelsOptions, host: ChannelHost) {
    this.#options = options;
    this.#host = host;
    this.#log = new ChannelLog(options.directory, options.log);
    this.#room = new Room(options.max);
    this.#turn = new Turn(host, () => this.#log.overrun());
    this.#owner = Object.create(host, {
      admit: { value: (channel: Channel) => this.#admit(channel) },
      judgeFile: { value: (path: string) => this.#judgeFile(path) },
      turn: { value: this.#turn },
    });
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

  /**
   * The hypervisor reports the sockets of a VM: their numbers by their paths. They replace those of its last report; a VM
   * without a report has none. Costs nothing while the same is reported.
   */
  state(vm: string, sockets: ReadonlyMap<string, number> | undefined): void {
    for (const path of this.#stated.set(vm, sockets)) this.#place(path);
    this.#reportLeft(this.#room.left);
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
    if (this.#scanned !== undefined && isSame)
      this.#scanned.certain ||= performance.now() - before.atMs > TICK_MS;
  }

  /** Scans the directory. */
  scan(): void {
    const { directory } = this.#options;
    clearTimeout(this.#lookingAgain);
    this.#lookingAgain = undefined;
    const { stats, objection } = judgeDirectory(directory, this.#host.trustedUids);
    const isNews = objection?.reason !== this.#problem?.reason;
    this.#problem = objection;
    if (isNews) this.#log.directory(objection, { isRefused: !this.usable });
    this.#scanned = { stats, atMs: performance.now(), certain: stats === undefined };
    this.#watch.follow(stats?.ino);
    const listed = this.usable ? listChannels(directory) : [];
    this.#listed = new Set(listed.map(({ path }) => path));
    this.#settle([...this.#find(listed)]);
  }

  /** Closes all, after what was received is answered. */
  close(): void {
    this.#turn.finish();
    clearTimeout(this.#lookingAgain);
    this.#watch.close();
    for (const channel of this.list()) channel.close();
    this.#table.clear();
  }

  #admit(channel: Channel): Objection | undefined {
    const objection = this.#host.admit(channel) ?? this.#stated.objection(channel.path);
    if (objection !== undefined || this.#takesRoom(channel)) return objection;
    const { max } = this.#options;
    return { reason: `at most ${DOMAIN_CHANNELS_MAX} channels of a VM and ${max} in total are served` };
  }

  /** A scan judges the channel directory; any other directory of this host is judged with the socket. */
  #judgeFile(path: string): SocketFile {
    const parent = dirname(path);
    if (parent !== this.#options.directory && !isForeign(path) && isOpenToAll(parent)) {
      const objection = { reason: `everyone can write to "${parent}"`, remedy: `chmod o-w ${parent}` };
      if (this.#options.strict) return { objection };
      this.#log.openToAll(objection);
    }
    return judgeSocket(path, this.#host.trustedUids);
  }

  /** Before its VM was known, the channel did not count against the limits. */
  #takesRoom(channel: Channel): boolean {
    return (
      this.#roomy.has(channel) ||
      (this.#room.take(channel.vm, true) && this.#roomy.add(channel) !== undefined)
    );
  }

  /** What the hypervisor says of a socket counts, else its file's name. */
  *#find(listed: readonly Found[]): Generator<Found> {
    for (const found of listed) if (this.#stated.of(found.path) === undefined) yield found;
    for (const path of this.#stated.paths()) {
      const name = this.#stated.of(path);
      if (name !== undefined) yield { path, name, mayBeSocket: true };
    }
  }

  /** Keeps the channel of a path that is the hypervisor's word now, or was. A scan finds what only a file says. */
  #place(path: string): void {
    const stated = this.#stated.of(path);
    const name = stated ?? this.#nameOfFile(path);
    const before = this.#table.get(path);
    // It is refused before it is removed, so that its owner hears of it.
    before?.reconsider();
    if (before !== undefined && (before.vm !== name?.vm || before.number !== name.number)) this.#drop(before);
    if (stated === undefined || this.#table.get(path) !== undefined) return;
    if (this.#room.take(stated.vm, true)) this.#add(path, stated, { isExpected: true }).reconsider();
  }

  #nameOfFile(path: string): ChannelName | undefined {
    return this.#listed.has(path) ? parseChannelName(basename(path)) : undefined;
  }

  /** A socket whose file was removed is served until it closes, as QEMU does. */
  #settle(found: readonly Found[]): void {
    const paths = new Set(found.map(({ path }) => path));
    this.#room = new Room(this.#options.max);
    this.#roomy.clear();
    for (const channel of this.list()) {
      if (channel.status === "connected") this.#roomy.add(channel);
      if (paths.has(channel.path)) continue;
      if (channel.status === "connected") this.#room.take(channel.vm, true);
      else this.#drop(channel);
    }
    const {
      served = [],
      known = [],
      fresh = [],
    } = Object.groupBy(found, ({ path }) => {
      const channel = this.#table.get(path);
      return channel === undefined ? "fresh" : channel.status === "connected" ? "served" : "known";
    });
    // Channels with low numbers come first, because guests use those.
    fresh.sort((a, b) => a.name.number - b.name.number);
    for (const { path, name, mayBeSocket } of [...served, ...known, ...fresh]) {
      const isExpected = mayBeSocket && this.#host.expects(name.vm, path);
      const hasRoom = this.#room.take(name.vm, isExpected);
      const channel = this.#table.get(path);
      if (hasRoom && channel === undefined) this.#add(path, name, { isExpected });
      else if (hasRoom && isExpected && channel !== undefined) this.#roomy.add(channel);
      else if (!hasRoom && channel !== undefined && channel.status !== "connected") this.#drop(channel);
    }
    this.#reportLeft(this.#room.left);
    for (const channel of this.list()) channel.reconsider();
  }

  /** Adds a channel for which the room was taken. */
  #add(path: string, name: ChannelName, { isExpected }: { readonly isExpected: boolean }): Channel {
    const channel = new Channel(name, path, this.#owner);
    this.#table.add(channel);
    if (isExpected) this.#roomy.add(channel);
    return channel;
  }

  #drop(channel: Channel): void {
    this.#table.remove(channel);
    if (this.#roomy.delete(channel)) this.#room.giveBack(channel.vm);
    channel.close();
  }

  #reportLeft(left: Room["left"]): void {
    const before = this.#leftOut;
    this.#leftOut = left.expected + left.others;
    if (this.#leftOut > before) this.#log.left(left, this.#options.max);
  }
}
