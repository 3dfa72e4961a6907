import type { Abi } from "../wire/layout.ts";
import { Intake, type PacketHandler } from "./intake.ts";
import { Replies } from "./replies.ts";

/** What is told of the packets of a channel. */
export interface PacketHost<Channel> {
  /**
   * Called for each packet of a guest. It must be synchronous, and may keep and change the frame. `more`: another packet
   * may follow in this turn; {@link turned} does in any case.
   */
  packet(channel: Channel, frame: Uint8Array, more: boolean): void;
  /** Called after the packets of a turn. It must release the replies that were sent. */
  turned(channel: Channel): void;
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

/** The packets and replies of one connection of a channel. One object without closures, since there may be thousands. */
export class Exchange<Channel extends { readonly counters: { repliesDropped: number } }>
  implements PacketHandler
{
  readonly intake: Intake;
  readonly replies: Replies;
  readonly #channel: Channel;
  readonly #host: PacketHost<Channel>;

  constructor(channel: Channel, host: PacketHost<Channel>, of: { socket: Socket; abi: Abi | "auto" }) {
    this.#channel = channel;
    this.#host = host;
    this.intake = new Intake(of.abi, of.socket, this);
    this.replies = new Replies(of.socket, channel.counters);
  }

  /** Called by the intake: replies are held until the host releases them. */
  turnBegins(): void {
    this.replies.hold();
  }

  /** Called by the intake. */
  packet(frame: Uint8Array, more: boolean): void {
    this.#host.packet(this.#channel, frame, more);
  }

  /** Called by the intake. */
  turnEnds(): void {
    this.#host.turned(this.#channel);
  }

  /** Called by the intake. */
  mayHurry(): boolean {
    return this.#host.mayHurry(this.#channel);
  }
}
