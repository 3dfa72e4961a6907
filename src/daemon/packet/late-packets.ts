import type { Channel } from "../../channels/channel.ts";

/** The most packets of one channel that wait for a slow back end. Further ones are dropped and counted. */
const WAITING_MAX = 64;

/** Handles a packet. Returns a promise if it is not answered at once. */
type Handle = (channel: Channel, frame: Uint8Array) => Promise<void> | undefined;

/** Keeps the packets of a channel in order while one of them waits for a slow back end. Other channels do not wait. */
export class LatePackets {
  readonly #handle: Handle;
  readonly #waiting = new Map<Channel, Uint8Array[]>();

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Keeps a packet if an earlier one is not answered yet. Returns whether it did. */
  hold(channel: Channel, frame: Uint8Array): boolean {
    if (this.#waiting.size === 0) return false;
    const frames = this.#waiting.get(channel);
    if (frames === undefined) return false;
    if (frames.length < WAITING_MAX) frames.push(frame.slice());
    else channel.counters.repliesDropped++;
    return true;
  }

  /** Makes the channel's next packets wait for this one. */
  wait(channel: Channel, answered: Promise<void>): void {
    this.#waiting.set(channel, []);
    void this.#goOn(channel, answered);
  }

  async #goOn(channel: Channel, answered: Promise<void>): Promise<void> {
    await answered;
    for (let frame = this.#next(channel); frame !== undefined; frame = this.#next(channel))
      await this.#handle(channel, frame);
    this.#waiting.delete(channel);
  }

  #next(channel: Channel): Uint8Array | undefined {
    return this.#waiting.get(channel)?.shift();
  }
}
