import type { Refusal } from "../../arbiter/view.ts";
import { type Backoff, backoffMs } from "../../base/backoff.ts";

/** How often a channel may ask. */
export interface Rate {
  readonly requestsPerSecond: number;
  /** Requests that it may send at once after a pause. */
  readonly burst: number;
}

/** A channel that asks so many times as often as it may has no use for the answers: it is broken or hostile. */
const FLOOD_FACTOR = 10;

/** Seconds in a row that it must do so before it is quarantined. */
const FLOOD_SECONDS = 5;

const SECOND_MS = 1000;

/** Each further quarantine of a channel is twice as long. */
const QUARANTINE: Backoff = { firstMs: 10_000, maxMs: 600_000 };

/** Time after a quarantine in which another one counts as further, in ms. */
const MEMORY_MS = 600_000;

/** Why a request is not decided. */
export type Excess = Extract<Refusal, { code: "too-many-requests" | "quarantined" }>;

/** A channel that is not heard for a while. */
export interface Quarantine {
  /** On the monotonic clock. */
  readonly untilMs: number;
  /** Requests per second that led to it. */
  readonly asked: number;
}

/**
 * Limits the requests of one channel: a bucket of tokens, filled at the allowed rate, from which each request takes one.
 * A channel that stays far above the rate is quarantined. Times are monotonic.
 */
export class RateLimit {
  #tokens: number;
  #filledMs: number;
  #secondMs: number;
  #inSecond = 0;
  #floods = 0;
  #quarantines = 0;
  #quarantine: Quarantine | undefined;

  constructor({ burst }: Rate, nowMs: number) {
    this.#tokens = burst;
    this.#filledMs = nowMs;
    this.#secondMs = nowMs;
  }

  /** Counts a request. Returns why it must not be decided. */
  take(rate: Rate, nowMs: number): Excess | undefined {
    if (this.quarantine(nowMs) === undefined && nowMs - this.#secondMs >= SECOND_MS)
      this.#endSecond(rate, nowMs);
    const held = this.quarantine(nowMs);
    if (held !== undefined) return { code: "quarantined", forMs: held.untilMs - nowMs, asked: held.asked };
    this.#inSecond++;
    const filled = this.#tokens + ((nowMs - this.#filledMs) * rate.requestsPerSecond) / SECOND_MS;
    this.#tokens = Math.min(rate.burst, filled);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return { code: "too-many-requests", perSecond: rate.requestsPerSecond };
    this.#tokens--;
    return undefined;
  }

  /** The quarantine that it is in. */
  quarantine(nowMs: number): Quarantine | undefined {
    return this.#quarantine !== undefined && nowMs < this.#quarantine.untilMs ? this.#quarantine : undefined;
  }

  /** Ends the quarantine, and forgets earlier ones. */
  release(): void {
    this.#quarantine = undefined;
    this.#quarantines = 0;
  }

  #endSecond({ requestsPerSecond }: Rate, nowMs: number): void {
    const asked = Math.round((this.#inSecond * SECOND_MS) / (nowMs - this.#secondMs));
    this.#secondMs = nowMs;
    this.#inSecond = 0;
    this.#floods = asked >= FLOOD_FACTOR * requestsPerSecond ? this.#floods + 1 : 0;
    if (this.#floods < FLOOD_SECONDS) return;
    const endedMs = this.#quarantine?.untilMs ?? Number.NEGATIVE_INFINITY;
    this.#quarantines = nowMs - endedMs < MEMORY_MS ? this.#quarantines + 1 : 1;
    this.#quarantine = { untilMs: nowMs + backoffMs(QUARANTINE, this.#quarantines), asked };
    this.#floods = 0;
  }
}
