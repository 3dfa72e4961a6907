import type { Refusal } from "../../arbiter/view.ts";
import { type Backoff, backoffMs } from "../../base/backoff.ts";
import { RESTING_PER_SECOND } from "../../channels/intake.ts";

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

/**
 * From so many requests in so many ms on it is known how often a channel asks. If that is too much, it is read at a slow
 * pace for the rest of the second.
 */
const SAMPLE = { requests: 100, ms: 10 } as const;

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
  /** What it asked in this second until it was read at a slow pace. */
  #sample: { readonly requests: number; readonly untilMs: number; readonly perSecond: number } | undefined;
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

  /** Whether this is the time of the second in which it is found out how often the channel asks. */
  isSampling(nowMs: number): boolean {
    return nowMs - this.#secondMs <= SAMPLE.ms;
  }

  /** Whether to read the channel at a slow pace: it is in quarantine, or asks far too often in this second. */
  isFlood({ requestsPerSecond }: Rate, nowMs: number): boolean {
    if (this.#sample !== undefined || this.quarantine(nowMs) !== undefined) return true;
    const ms = nowMs - this.#secondMs;
    const perSecond = Math.round((this.#inSecond * SECOND_MS) / ms);
    if (this.#inSecond < SAMPLE.requests || ms < SAMPLE.ms || perSecond < FLOOD_FACTOR * requestsPerSecond)
      return false;
    this.#sample = { requests: this.#inSecond, untilMs: nowMs, perSecond };
    return true;
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
    const asked = this.#askedInSecond(nowMs);
    this.#secondMs = nowMs;
    this.#inSecond = 0;
    this.#sample = undefined;
    this.#floods = asked >= FLOOD_FACTOR * requestsPerSecond ? this.#floods + 1 : 0;
    if (this.#floods < FLOOD_SECONDS) return;
    const endedMs = this.#quarantine?.untilMs ?? Number.NEGATIVE_INFINITY;
    this.#quarantines = nowMs - endedMs < MEMORY_MS ? this.#quarantines + 1 : 1;
    this.#quarantine = { untilMs: nowMs + backoffMs(QUARANTINE, this.#quarantines), asked };
    this.#floods = 0;
  }

  /** Requests per second. While it was read at a slow pace, it asked as often as before if it was always read at once. */
  #askedInSecond(nowMs: number): number {
    const asked = Math.round((this.#inSecond * SECOND_MS) / (nowMs - this.#secondMs));
    if (this.#sample === undefined) return asked;
    const { requests, untilMs, perSecond } = this.#sample;
    const readable = (RESTING_PER_SECOND * (nowMs - untilMs)) / SECOND_MS;
    return this.#inSecond - requests >= readable / 2 ? Math.max(asked, perSecond) : asked;
  }
}
