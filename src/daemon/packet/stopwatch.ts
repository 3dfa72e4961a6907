import type { Meters, Stages } from "./meters.ts";

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
  #hasWritten = false;
  /** A measured write of this turn that is not read again yet: of what VM, and when. */
  #unread: { readonly stages: Stages; readonly writtenMs: number } | undefined;

  readonly #forget = () => {
    this.#unread = undefined;
  };

  /** `nowMs` is called for measured packets only. */
  constructor(meters: Meters, nowMs: () => number = () => performance.now()) {
    this.#meters = meters;
    this.#nowMs = nowMs;
  }

  /** A packet is handled; before it, so many requests of its channel were. */
  begin(requests: number): void {
    // It was not read before the next packet, so the time would not be its own.
    this.#unread = undefined;
    if (requests % MEASURED_ONE_IN === 0) this.#begunMs.push(this.#nowMs());
  }

  /** All that the turn's requests come to is decided, and is written next. */
  decided(): void {
    if (this.#begunMs.length > 0) this.#decidedMs = this.#nowMs();
  }

  /** The kernel has answered so many writes. */
  written(writes: number): void {
    if (this.#begunMs.length === 0) return;
    this.#writtenMs = this.#nowMs();
    this.#hasWritten = writes > 0;
  }

  /** What was written in this turn was read again. */
  readBack(): void {
    if (this.#unread === undefined) return;
    const { stages, writtenMs } = this.#unread;
    this.#unread = undefined;
    stages.readBacks++;
    stages.readBackMs += this.#nowMs() - writtenMs;
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
      if (this.#hasWritten) this.#follow(stages);
    }
    this.#begunMs.length = 0;
  }

  /** If it is read again, then at the end of the turn. What is read later was written for others. */
  #follow(stages: Stages): void {
    this.#unread = { stages, writtenMs: this.#writtenMs };
    setImmediate(this.#forget);
  }
}
