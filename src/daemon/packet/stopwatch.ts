import type { Meter, Meters, Stages } from "./meters.ts";

/**
 * Of each channel's packets, one in this many is measured, starting with the first, because measuring costs time.
 */
const MEASURED_ONE_IN = 8;

/**
 * Measures some packets of a turn, from the first bytes of the turn. Packets that come in one turn take each step together,
 * so the stages of all of them are the same.
 */
export class Stopwatch {
  readonly #meters: Meters;
  readonly #nowMs: () => number;
  /** Those of the measured packets that are not answered yet. */
  readonly #measured: Meter[] = [];
  #begunMs = 0;
  /** Undefined while nothing is decided since the last replies. */
  #decidedMs: number | undefined;
  #writtenMs = 0;
  #hasWritten = false;
  /** A measured write of this turn that is not read again yet: of what VM, and when. */
  #unread: { readonly stages: Stages; readonly writtenMs: number } | undefined;

  readonly #forget = () => {
    this.#unread = undefined;
  };

  constructor(meters: Meters, nowMs: () => number = () => performance.now()) {
    this.#meters = meters;
    this.#nowMs = nowMs;
  }

  /** A turn begins. */
  begin(): void {
    // It was not read before the next packet, so the time would not be its own.
    this.#unread = undefined;
    this.#begunMs = this.#nowMs();
  }

  /** A packet of a VM is handled; before it, so many requests of its channel were. */
  packet(vm: string, requests: number): void {
    if (requests % MEASURED_ONE_IN === 0) this.#measured.push(this.#meters.of(vm));
  }

  /** All that the requests come to is decided, and is written next. */
  decided(): void {
    if (this.#measured.length > 0) this.#decidedMs = this.#nowMs();
  }

  /** The kernel has answered so many writes. */
  written(writes: number): void {
    if (this.#measured.length === 0) return;
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

  /** The replies are written. */
  end(): void {
    if (this.#measured.length === 0) return;
    const endMs = this.#nowMs();
    const [begunMs, decidedMs, writtenMs] = [this.#begunMs, this.#decidedMs, this.#writtenMs];
    for (const { latency, stages } of this.#measured) {
      latency.observe((endMs - begunMs) * 1e6);
      if (decidedMs === undefined) continue;
      stages.measured++;
      stages.decideMs += decidedMs - begunMs;
      stages.writeMs += writtenMs - decidedMs;
      stages.replyMs += endMs - writtenMs;
    }
    const last = this.#measured.at(-1);
    if (decidedMs !== undefined && this.#hasWritten && last !== undefined) this.#follow(last.stages);
    this.#measured.length = 0;
    this.#decidedMs = undefined;
  }

  /** If it is read again, then at the end of the turn. What is read later was written for others. */
  #follow(stages: Stages): void {
    this.#unread = { stages, writtenMs: this.#writtenMs };
    setImmediate(this.#forget);
  }
}
