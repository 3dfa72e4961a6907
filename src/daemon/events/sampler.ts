/** Events of one kind in a second that are reported one by one. Of further ones only a sample is reported. */
const TOLD_PER_SECOND = 200;

/** Reduces frequent events to a sample, and says exactly how many events each reported one stands for. */
export class Sampler {
  #second = 0;
  #seen = 0;
  #step = 1;
  #untold = 0;

  /** How many events this one stands for, itself included; undefined if it must not be reported. */
  take(nowMs: number): number | undefined {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#step = second === this.#second + 1 ? Math.ceil(this.#seen / TOLD_PER_SECOND) || 1 : 1;
      this.#second = second;
      this.#seen = 0;
    }
    this.#seen++;
    this.#untold++;
    // There are more events than in the previous second.
    if (this.#seen > TOLD_PER_SECOND * this.#step) this.#step *= 2;
    if (this.#untold < this.#step) return undefined;
    const of = this.#untold;
    this.#untold = 0;
    return of;
  }
}
