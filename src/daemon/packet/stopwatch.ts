import type { Meters } from "./meters.ts";

/**
 * Of each channel's packets, one in this many is measured, starting with the first, because reading a clock costs time.
 */
const MEASURED_ONE_IN = 8;

/** Measures some packets of a turn: as a whole, and one of them by stage. */
export class Stopwatch {
  readonly #meters: Meters;
  readonly #nowMs: () => number;
  /** When the measured packets of this turn began. */
  #begunMs: number[] = [];
  #decidedMs = 0;
  #writtenMs = 0;

  /** `nowMs` is called for measured packets only. */
  constructor(meters: Meters, nowMs: () => number = () => performance.now()) {
    this.#meters = meters;
    this.#nowMs = nowMs;
  }

  /** A packet is handled; before it, so many requests of its channel were. */
  begin(requests: number): void {
    if (requests % MEASURED_ONE_IN === 0) this.#begunMs.push(this.#nowMs());
  }

  /** All that the turn's requests come to is decided, and is written next. */
  decided(): void {
    if (this.#begunMs.length > 0) this.#decidedMs = this.#nowMs();
  }

  /** The kernel has answered. */
  written(): void {
    if (this.#begunMs.length > 0) this.#writtenMs = this.#nowMs();
  }

  /** The replies of the turn are written. */
  end(vm: string): void {
    const [first] = this.#begunMs;
    if (first === undefined) return;
    const endMs = this.#nowMs();
    const { latency, stages } = this.#meters.of(vm);
    for (const beganMs of this.#begunMs) latency.observe((endMs - beganMs) * 1e6);
    if (this.#decidedMs >= first && this.#writtenMs >= this.#decidedMs) {
      stages.measured++;
      stages.decideMs += this.#decidedMs - first;
      stages.writeMs += this.#writtenMs - this.#decidedMs;
      stages.replyMs += endMs - this.#writtenMs;
    }
    this.#begunMs.length = 0;
  }
}
