import type { Abi } from "../wire/layout.ts";
import { newCounters } from "./counters.ts";
import { Exchange, type PacketHost } from "./exchange.ts";
import { judgePeer, type Objection, type Peer, type SocketFile } from "./judge.ts";
import type { ChannelName } from "./name.ts";
import { dialAt } from "./place.ts";
import { Redial } from "./redial.ts";
import { fdOf, socketHandlers } from "./socket.ts";
import type { Turn, TurnHost } from "./turn.ts";

/** What channels need from the daemon. */
export interface ChannelHost extends PacketHost<Channel>, TurnHost {
  readonly trustedUids: ReadonlySet<number>;
  /** The process that must serve the sockets of a VM; undefined if the hypervisor cannot tell. */
  processOf(vm: string): number | undefined;
  /** Whether the hypervisor knows the VM and its channel at this path. Only such channels count against the main limits. */
  expects(vm: string, path: string): boolean;
  /** Why a channel must not be served now; undefined if it may be. */
  admit(channel: Channel): Objection | undefined;
  /** The packet size that the operator set for a VM. */
  abiOf(vm: string): Abi | "auto";
  /** The user behind a connection; undefined if the kernel does not tell. */
  peerOf(fd: number): Peer | undefined;
  /** Called when the channel was connected, lost or refused. */
  changed(channel: Channel): void;
}

/** What a channel needs from its owner. */
export interface ChannelOwner extends ChannelHost {
  /** Judges the file of a socket. */
  judgeFile(path: string): SocketFile;
  readonly turn: Turn;
}

/** The socket of one channel: connects, hands on packets, sends replies. No bytes of a guest make it close. */
export class Channel {
  readonly vm: string;
  readonly number: number;
  readonly path: string;
  readonly host: ChannelOwner;
  readonly counters = newCounters();
  status: "connected" | "connecting" | "refused" = "connecting";
  objection: Objection | undefined;
  peer: Peer | undefined;
  /** If false, packets are dropped and get no reply. */
  enabled = true;

  #socket: Bun.Socket<Channel> | undefined;
  #exchange: Exchange<Channel> | undefined;
  /** Those of earlier connections. */
  #framingErrors = 0;
  readonly #redial = new Redial(() => this.reconsider());
  #closed = false;
  /** The reason for which it was refused last; it is reported only when it changes. */
  #toldRefusal: string | undefined;
  #peerRefused = false;
  /** The file that was connected last, or is being connected. */
  #file: string | undefined;
  #dialling = false;

  constructor({ vm, number }: ChannelName, path: string, host: ChannelOwner) {
    this.vm = vm;
    this.number = number;
    this.path = path;
    this.host = host;
  }

  /** The size of the guest's packets; undefined until it is found. */
  get abi(): Abi | undefined {
    return this.#exchange?.intake.abi;
  }

  /** Whether a connect is under way: the kernel has not said yet whether somebody listens. */
  get isDialling(): boolean {
    return this.#dialling;
  }

  /** How often bytes of the guest were dropped because no packet began with them. */
  get framingErrors(): number {
    return this.#framingErrors + (this.#exchange?.intake.framingErrors ?? 0);
  }

  /** Checks the channel again: connects if it may be served, and disconnects if it may not. */
  reconsider(): void {
    if (this.#closed || this.#dialling) return;
    const objection = this.host.admit(this);
    const stranger = this.#socket === undefined ? undefined : this.#judgePeer(this.peer);
    if (objection !== undefined) this.#refuse(objection);
    else if (stranger !== undefined) this.#refuseServer(stranger);
    else if (this.#socket === undefined) this.#again();
  }

  /** Writes a reply whole or not at all, at the end of the turn at the latest. One that does not fit is dropped and counted. */
  send(reply: Uint8Array): void {
    if (this.#exchange === undefined) this.counters.repliesDropped++;
    else this.#exchange.replies.send(reply);
  }

  /** The guest sends far too much: it is read at a slow pace for now. */
  rest(): void {
    this.#exchange?.intake.rest();
  }

  /** Closes for good. */
  close(): void {
    this.#closed = true;
    this.#hangUp();
  }

  #refuse(objection: Objection): void {
    const news = this.#toldRefusal !== objection.reason;
    this.#toldRefusal = objection.reason;
    this.#hangUp();
    this.status = "refused";
    this.objection = objection;
    if (news) this.host.changed(this);
  }

  #dial(): void {
    // A channel that was refused because of who serves it stays so until another process does.
    if (!this.#peerRefused) {
      this.status = "connecting";
      this.objection = undefined;
    }
    this.#dialling = true;
    const errno = dialAt(this.path, (unix) =>
      Bun.connect<Channel>({ unix, data: this, socket: SOCKET_HANDLERS }).catch(reported),
    );
    if (errno !== undefined) this.lost(undefined, `it cannot be connected (${errno})`);
  }

  /** Called by the socket. */
  opened(socket: Bun.Socket<Channel>): void {
    this.#dialling = false;
    if (this.#closed) {
      socket.terminate();
      return;
    }
    const { host } = this;
    const peer = host.peerOf(fdOf(socket));
    this.#socket = socket;
    const stranger = this.#judgePeer(peer) ?? this.#judgeFileAgain();
    this.#peerRefused = false;
    if (stranger !== undefined) {
      this.#refuseServer(stranger);
      return;
    }
    // The VM may have ended during the connect.
    const objection = host.admit(this);
    if (objection !== undefined) {
      this.#refuse(objection);
      return;
    }
    this.peer = peer;
    this.status = "connected";
    this.objection = undefined;
    this.#toldRefusal = undefined;
    this.#exchange = new Exchange<Channel>(this, host, { socket, abi: host.abiOf(this.vm), turn: host.turn });
    this.#redial.connected();
    this.host.changed(this);
  }

  /** Called by the socket, and when the connect failed. */
  lost(socket: Bun.Socket<Channel> | undefined, cause: string): void {
    if (socket !== this.#socket) return;
    this.#dialling = false;
    const wasUp = this.status === "connected";
    this.#exchange?.intake.finish();
    this.#hangUp();
    if (this.#closed) return;
    this.#redial.lost();
    if (this.#peerRefused) return;
    this.status = "connecting";
    this.objection = { reason: cause };
    if (wasUp) this.host.changed(this);
  }

  /** Called by the socket with bytes of the guest. */
  received(bytes: Uint8Array): void {
    this.#exchange?.intake.received(bytes);
  }

  #again(): void {
    const { objection, identity, isMissing } = this.host.judgeFile(this.path);
    if (objection !== undefined) {
      this.#refuse(objection);
      // The hypervisor may report a socket before it is there, and inotify tells of one directory only.
      if (isMissing) this.#redial.lost();
      return;
    }
    // Another process of the VM is reason enough to connect the same file again.
    if (!this.#redial.mayDial(`${identity} ${this.host.processOf(this.vm)}`)) return;
    this.#file = identity;
    this.#dial();
  }

  #judgePeer(peer: Peer | undefined): Objection | undefined {
    return judgePeer(peer, this.host.trustedUids, this.host.processOf(this.vm));
  }

  /** Between the look at the file and the connect another one may have taken its place. */
  #judgeFileAgain(): Objection | undefined {
    const { objection, identity } = this.host.judgeFile(this.path);
    if (objection !== undefined || identity === this.#file) return objection;
    return { reason: "its socket was replaced while it was being connected" };
  }

  #refuseServer(objection: Objection): void {
    this.#peerRefused = true;
    this.#refuse(objection);
    this.#redial.lost();
  }

  #hangUp(): void {
    this.#exchange?.intake.close();
    this.#framingErrors = this.framingErrors;
    this.#exchange = undefined;
    this.#redial.stop();
    const socket = this.#socket;
    this.#socket = undefined;
    this.peer = undefined;
    socket?.terminate();
  }
}

/** A connect that failed is reported to connectError as well, which handles it. */
function reported(): void {}

/** One set of functions for all sockets, since there may be thousands of channels. */
const SOCKET_HANDLERS = socketHandlers<Channel>();
