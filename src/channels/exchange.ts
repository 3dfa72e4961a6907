import type { Abi } from "../wire/layout.ts";
import { Intake, type PacketHandler } from "./intake.ts";
import { Replies } from "./replies.ts";
import type { Turn } from "./turn.ts";

/** What is told of the packets of a channel. */
export interface PacketHost<Channel> {
  /** Called for each packet of a guest. It must be synchronous, and may keep and change the frame. */
  packet(channel: Channel, frame: Uint8Array): void;
  /** Whether a channel with packets that wait is read on at once, because it is being found out how often it asks. */
  mayHurry(channel: Channel): boolean;
}

/** What an exchange needs of a connected socket. */
interface Socket {
  pause(): void;
  resume(): void;
  /** Returns how many bytes were written. */
  write(bytes: Uint8Array): number;
}

/** What an exchange works with. */
interface ExchangeMeans {
  readonly socket: Socket;
  readonly abi: Abi | "auto";
  readonly turn: Turn;
}

/** The packets and replies of one connection of a channel. One object without closures, since there may be thousands. */
export class Exchange<Channel extends { readonly counters: { repliesDropped: number } }>
  implements PacketHandler
{
  readonly intake: Intake;
  readonly replies: Replies;
  readonly #channel: Channel;
  readonly #host: PacketHost<Channel>;

  constructor(channel: Channel, host: PacketHost<Channel>, { socket, abi, turn }: ExchangeMeans) {
    this.#channel = channel;
    this.#host = host;
    this.intake = new Intake(abi, { source: socket, turn, handler: this });
    this.replies = new Replies(socket, channel.counters);
  }

  /** Called by the intake: replies are held until the turn ends. */
  turnBegins(): void {
    this.replies.hold();
  }

  /** Called by the intake. */
  packet(frame: Uint8Array): void {
    this.#host.packet(this.#channel, frame);
  }

  /** Called by the intake. */
  turnEnds(): void {
    this.replies.release();
  }

  /** Called by the intake. */
  mayHurry(): boolean {
    return this.#host.mayHurry(this.#channel);
  }
}
