import type { Channel } from "../../channels/channel.ts";
import { type Excess, type Quarantine, type Rate, RateLimit } from "./rate-limit.ts";

/** What {@link Rates} counts since the start. */
interface RateCounters {
  /** Requests that were refused because of their number. */
  limited: number;
  quarantines: number;
}

/** The limits on the requests of all channels. */
export class Rates {
  readonly counters: RateCounters = { limited: 0, quarantines: 0 };
  readonly #rateOf: (vm: string) => Rate;
  readonly #begun: (channel: Channel, quarantine: Quarantine) => void;
  readonly #limits = new WeakMap<Channel, RateLimit>();
  /** Channels that were in quarantine when they were counted last. */
  readonly #quarantined = new Set<Channel>();

  /** `rateOf` returns what a VM's contract allows. `begun` is told when a channel gets into quarantine. */
  constructor(rateOf: (vm: string) => Rate, begun: (channel: Channel, quarantine: Quarantine) => void) {
    this.#rateOf = rateOf;
    this.#begun = begun;
  }

  /** Counts a request of a channel. Returns why it must not be decided. */
  take(channel: Channel, nowMs: number): Excess | undefined {
    const rate = this.#rateOf(channel.vm);
    let limit = this.#limits.get(channel);
    if (limit === undefined) {
      limit = new RateLimit(rate, nowMs);
      this.#limits.set(channel, limit);
    }
    const was = limit.quarantine(nowMs);
    const excess = limit.take(rate, nowMs);
    if (excess === undefined) return undefined;
    this.counters.limited++;
    const is = was === undefined ? limit.quarantine(nowMs) : undefined;
    if (is !== undefined) {
      this.counters.quarantines++;
      this.quarantined(nowMs);
      this.#quarantined.add(channel);
      this.#begun(channel, is);
    }
    return excess;
  }

  /** Whether it is being found out how often a channel asks, so that it must be read as fast as it sends. */
  isSampling(channel: Channel, nowMs: number): boolean {
    return this.#limits.get(channel)?.isSampling(nowMs) === true;
  }

  /** Whether to read a channel, whose request was refused for their number, at a slow pace. */
  isFlood(channel: Channel, nowMs: number): boolean {
    return this.#limits.get(channel)?.isFlood(this.#rateOf(channel.vm), nowMs) ?? false;
  }

  /** The quarantine that a channel is in. */
  quarantine(channel: Channel, nowMs: number): Quarantine | undefined {
    return this.#limits.get(channel)?.quarantine(nowMs);
  }

  /** How many channels are in quarantine. */
  quarantined(nowMs: number): number {
    for (const channel of this.#quarantined)
      if (this.quarantine(channel, nowMs) === undefined) this.#quarantined.delete(channel);
    return this.#quarantined.size;
  }

  /** Ends the quarantine of a channel. */
  release(channel: Channel): void {
    this.#limits.get(channel)?.release();
  }
}
