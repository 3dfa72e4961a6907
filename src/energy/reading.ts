import { type Meter, WATTS_MAX } from "./meter.ts";

/** A number of a meter, and when it was read, on the monotonic clock. */
export interface Reading {
  /** Microjoules of a counter, or microwatts. */
  readonly value: number;
  readonly atMs: number;
}

/** What is known of a meter whose numbers are judged. */
type Counted = Pick<Meter, "scope" | "quantity" | "rangeUj">;

/** Turns the successive numbers of one meter into joules. What cannot be true is left out. */
export class Readings {
  readonly #meter: Counted;
  #last: Reading | undefined;
  /** A number that implied too much power. */
  #doubtful: Reading | undefined;
  #aliveMs: number | undefined;

  /** `last` is what an earlier daemon read in this boot. */
  constructor(meter: Counted, last?: Reading) {
    this.#meter = meter;
    this.#last = last;
  }

  /** The last number that was used. */
  get last(): Reading | undefined {
    return this.#last;
  }

  /** When the meter last told that energy was used; undefined if it never did. */
  get aliveMs(): number | undefined {
    return this.#aliveMs;
  }

  /** The joules since the last number that was used; undefined if this one tells nothing new. */
  take(now: Reading): number | undefined {
    const before = this.#last;
    if (before === undefined) {
      this.#last = now;
      return undefined;
    }
    if (now.atMs <= before.atMs) return undefined;
    const joules =
      this.#meter.quantity === "energy" ? this.#counted(before, now) : this.#integrated(before, now);
    if (joules !== undefined) this.#aliveMs = now.atMs;
    return joules;
  }

  #counted(before: Reading, now: Reading): number | undefined {
    // A file that is read more often than the hardware counts repeats its number: the time goes on.
    if (now.value === before.value) return undefined;
    const { rangeUj = 0 } = this.#meter;
    const forward = now.value - before.value;
    const uj = forward >= 0 ? forward : forward + rangeUj;
    if (uj > 0 && this.#isPossible(uj / 1e6, now.atMs - before.atMs)) {
      this.#last = now;
      this.#doubtful = undefined;
      return uj / 1e6;
    }
    this.#doubt(now);
    return undefined;
  }

  /**
   * One number that cannot be true was not read whole, and is left out. A second one that continues the first means
   * that the counter was set anew: what it counted meanwhile is lost.
   */
  #doubt(now: Reading): void {
    const first = this.#doubtful;
    this.#doubtful = now;
    if (first === undefined || now.value < first.value) return;
    if (!this.#isPossible((now.value - first.value) / 1e6, now.atMs - first.atMs)) return;
    this.#last = now;
    this.#doubtful = undefined;
  }

  #integrated(before: Reading, now: Reading): number | undefined {
    const { scope } = this.#meter;
    if (now.value <= 0 || now.value / 1e6 > WATTS_MAX[scope]) return undefined;
    this.#last = now;
    return (((before.value + now.value) / 2e6) * (now.atMs - before.atMs)) / 1000;
  }

  #isPossible(joules: number, ms: number): boolean {
    return joules <= (WATTS_MAX[this.#meter.scope] * ms) / 1000;
  }
}
