import type { PolicySpeed, TrafficRule } from "../base/policy-rule.ts";

/** The weight of the newest rate in the smoothed one. */
const NEWEST = 0.5;

/** A lower speed is wanted only below this share of the threshold that led to the present one. */
const DEAD_BAND = 0.9;

/** How many measurements in a row must ask for a lower speed before it is wanted. A higher one is wanted at once. */
const CALM_COUNT = 5;

/**
 * Chooses a speed by measured packet rates, with the thresholds of DPDK's host (vm-power-protocol(7), "GUEST POLICIES"). The
 * rate is smoothed, and going down needs a clearly lower rate for some time, so that no rate makes a clock flap.
 */
export class TrafficGauge {
  readonly #rule: TrafficRule;
  #smoothed: number | undefined;
  #speed: PolicySpeed | undefined;
  #calm = 0;

  constructor(rule: TrafficRule) {
    this.#rule = rule;
  }

  /** The wanted speed; undefined while no rate is known. */
  get speed(): PolicySpeed | undefined {
    return this.#speed;
  }

  /** The smoothed rate in packets per second; undefined while no rate is known. */
  get packetsPerSecond(): number | undefined {
    return this.#smoothed;
  }

  /** Starts with the speed that an earlier daemon had chosen. */
  seed(speed: PolicySpeed | undefined): void {
    this.#speed = speed;
  }

  /** A measured rate in packets per second; undefined if the source of the numbers has vanished. */
  measured(rate: number | undefined): void {
    if (rate === undefined || !Number.isFinite(rate) || rate < 0) {
      this.#smoothed = undefined;
      this.#speed = undefined;
      return;
    }
    const before = this.#smoothed ?? rate;
    this.#smoothed = before + NEWEST * (rate - before);
    const now = this.#speedAt(this.#smoothed);
    if (this.#speed === undefined || rank(now) >= rank(this.#speed)) {
      this.#speed = now;
      this.#calm = 0;
      return;
    }
    // Within the dead band the present speed stays.
    const lower = this.#speedAt(this.#smoothed / DEAD_BAND);
    if (rank(lower) >= rank(this.#speed)) {
      this.#calm = 0;
      return;
    }
    if (++this.#calm < CALM_COUNT) return;
    this.#speed = lower;
    this.#calm = 0;
  }

  #speedAt(rate: number): PolicySpeed {
    if (rate >= this.#rule.maxPackets) return "max";
    return rate >= this.#rule.avgPackets ? "medium" : "min";
  }
}

function rank(speed: PolicySpeed): number {
  return { min: 0, medium: 1, max: 2 }[speed];
}
