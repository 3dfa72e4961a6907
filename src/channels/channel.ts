import { Framer, QUIET_MS, SILENCE_MS } from "../wire/framer.ts";
import type { Abi } from "../wire/layout.ts";
import { judgeSocket, judgeUser, type Objection } from "./judge.ts";
import type { ChannelName } from "./name.ts";
import { Redial } from "./redial.ts";

/** Packets of one channel that are handled before another channel gets its turn. */
const FRAMES_PER_TURN = 64;

/** Counters since the channel was found. */
export interface ChannelCounters {
  requests: number;
  granted: number;
  refused: number;
  malformed: number;
  repliesDropped: number;
  writes: number;
  writesRefused: number;
}

/** The process at the other end of a socket. */
export interface Peer {
  readonly uid: number;
  readonly pid: number;
}

/** What channels need from their owner. */
export interface ChannelHost {
  readonly trustedUids: ReadonlySet<number>;
  /** Whether the hypervisor knows the VM and its channel at this path. Only such channels count against the main limits. */
  expects(vm: string, path: string): boolean;
  /** Why a channel must not be served now; undefined if it may be. */
  admit(channel: Channel): Objection | undefined;
  /** The packet size that the operator set for a VM. */
  abiOf(vm: string): Abi | "auto";
  /** The user behind a connection; undefined if the kernel does not tell. */
  peerOf(fd: number): Peer | undefined;
  /** Called for each packet of a guest. It must be synchronous, and may change the frame. */
  packet(channel: Channel, frame: Uint8Array): void;
  /** Called when the channel was connected, lost or refused. */
  changed(channel: Channel): void;
}

/** The socket of one channel: connects, cuts bytes into packets, sends replies. No bytes of a guest make it close. */
export class Channel {
  readonly vm: string;
  readonly number: number;
  readonly path: string;
  readonly host: ChannelHost;
  readonly counters: ChannelCounters = {
    requests: 0,
    granted: 0,
    refused: 0,
    malformed: 0,
    repliesDropped: 0,
    writes: 0,
    writesRefused: 0,
  };
  status: "connected" | "connecting" | "refused" = "connecting";
  objection: Objection | undefined;
  peer: Peer | undefined;
  /** If false, packets are dropped and get no reply. */
  enabled = true;
  framer: Framer;

  #socket: Bun.Socket<Channel> | undefined;
  #pause: Timer | undefined;
  readonly #redial = new Redial(() => this.reconsider());
  #closed = false;
  /** The reason for which it was refused last; it is reported only when it changes. */
  #toldRefusal: string | undefined;
  #peerRefused = false;
  #dialling = false;

  constructor({ vm, number }: ChannelName, path: string, host: ChannelHost) {
    this.vm = vm;
    this.number = number;
    this.path = path;
    this.host = host;
    this.framer = new Framer(host.abiOf(vm));
  }

  /** Checks the channel again: connects if it may be served, and disconnects if it may not. */
  reconsider(): void {
    if (this.#closed || this.#dialling) return;
    const objection = this.host.admit(this);
    if (objection !== undefined) this.#refuse(objection);
    else if (this.#socket === undefined) this.#again();
  }

  /** Writes a reply whole or not at all. A reply that does not fit is dropped and counted, never queued. */
  send(reply: Uint8Array): void {
    if (this.#socket?.write(reply) !== reply.length) this.counters.repliesDropped++;
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
    // A channel that was refused because of its owner stays so until another process serves it.
    if (!this.#peerRefused) {
      this.status = "connecting";
      this.objection = undefined;
    }
    this.#dialling = true;
    // A failure is reported to connectError as well, which handles it.
    Bun.connect<Channel>({ unix: this.path, data: this, socket: SOCKET_HANDLERS }).catch(() => {});
  }

  /** Called by the socket. */
  opened(socket: Bun.Socket<Channel>): void {
    this.#dialling = false;
    if (this.#closed) {
      socket.terminate();
      return;
    }
    const peer = this.host.peerOf(fdOf(socket));
    const untrusted =
      peer === undefined
        ? { reason: "the kernel does not report which user listens on its socket" }
        : judgeUser(peer.uid, this.host.trustedUids, "its socket is served by");
    this.#socket = socket;
    this.#peerRefused = untrusted !== undefined;
    // The VM may have ended during the connect.
    const objection = untrusted ?? this.host.admit(this);
    if (objection !== undefined) {
      this.#refuse(objection);
      if (untrusted !== undefined) this.#redial.left();
      return;
    }
    this.peer = peer;
    this.status = "connected";
    this.objection = undefined;
    this.#toldRefusal = undefined;
    this.framer = new Framer(this.host.abiOf(this.vm));
    this.#redial.connected();
    this.host.changed(this);
  }

  /** Called by the socket, and when the connect failed. */
  lost(socket: Bun.Socket<Channel> | undefined, cause: string): void {
    if (socket !== this.#socket) return;
    this.#dialling = false;
    const wasUp = this.status === "connected";
    this.#hangUp();
    if (this.#closed || this.#peerRefused) return;
    this.status = "connecting";
    this.objection = { reason: cause };
    this.#redial.lost();
    if (wasUp) this.host.changed(this);
  }

  /** Called by the socket with bytes of the guest. */
  received(bytes: Uint8Array): void {
    clearTimeout(this.#pause);
    this.framer.push(bytes);
    this.#turn();
  }

  /**
   * Handles the bytes that were received, as far as one turn allows. The rest waits for the next turn; until then the
   * socket is paused.
   */
  #turn(): void {
    const { framer, host } = this;
    for (let handled = 0; handled < FRAMES_PER_TURN; handled++) {
      const frame = framer.next();
      if (frame === undefined) {
        if (framer.waiting) this.#pause = setTimeout(() => this.#quiet(), QUIET_MS);
        return;
      }
      host.packet(this, frame);
    }
    if (!framer.waiting) return;
    const socket = this.#socket;
    socket?.pause();
    setImmediate(() => {
      if (this.#socket !== socket) return;
      socket?.resume();
      this.#turn();
    });
  }

  #quiet(): void {
    this.framer.quiet();
    const { waiting } = this.framer;
    this.#turn();
    if (!waiting || !this.framer.waiting) return;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.framer.silence(), SILENCE_MS - QUIET_MS);
  }

  #again(): void {
    const { objection, identity } = judgeSocket(this.path, this.host.trustedUids);
    if (objection !== undefined) {
      this.#refuse(objection);
      return;
    }
    if (identity !== undefined && this.#redial.mayDial(identity)) this.#dial();
  }

  #hangUp(): void {
    clearTimeout(this.#pause);
    this.#redial.stop();
    const socket = this.#socket;
    this.#socket = undefined;
    this.peer = undefined;
    socket?.terminate();
  }
}

/** One set of functions for all sockets, since there may be thousands of channels. */
const SOCKET_HANDLERS: Bun.SocketHandler<Channel> = {
  // Not a Buffer, the default: its slice() is a view that keeps the whole chunk in memory.
  binaryType: "uint8array",
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.received(bytes),
  close: (socket) => socket.data.lost(socket, "QEMU closed it"),
  error: (socket, error) => socket.data.lost(socket, error.message),
  connectError: (socket, error) => socket.data.lost(undefined, connectFailure(error)),
};

function connectFailure(error: Error): string {
  const code = "code" in error ? String(error.code) : error.message;
  return code === "ECONNREFUSED" ? "nobody listens on it (ECONNREFUSED)" : `it cannot be connected (${code})`;
}

/** Bun's sockets have this method; their types leave it out. */
function fdOf(socket: Bun.Socket<Channel>): number {
  return "fd" in socket && typeof socket.fd === "number" ? socket.fd : -1;
}
