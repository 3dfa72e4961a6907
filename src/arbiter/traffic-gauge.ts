import type { PolicySpeed, TrafficRule } from "../base/policy-rule.ts";

const RISING: readonly PolicySpeed[] = ["min", "medium", "max"];

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
    const now = rank(this.#speedAt(this.#smoothed));
    const present = rank(this.#speed);
    // Within the dead band the present speed stays.
    const lower = rank(this.#speedAt(this.#smoothed / DEAD_BAND));
    this.#calm = lower < present ? this.#calm + 1 : 0;
    const isCalm = this.#calm === CALM_COUNT;
    if (isCalm) this.#calm = 0;
    this.#speed = RISING[isCalm ? lower : Math.max(now, present)];
  }

  #speedAt(rate: number): PolicySpeed {
    if (rate >= this.#rule.maxPackets) return "max";
    return rate >= this.#rule.avgPackets ? "medium" : "min";
  }
}

/** -1 for none. */
function rank(speed: PolicySpeed | undefined): number {
  return (RISING as readonly unknown[]).indexOf(speed);
}
