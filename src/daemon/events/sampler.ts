/** Happenings of one kind that are told of one by one in each second; past it one stands for several. */
const TOLD_PER_SECOND = 200;

/** Thins out what happens too often to be told of each, and says exactly how many each one told stands for. */
export class Sampler {
  #second = 0;
  #seen = 0;
  #step = 1;
  #untold = 0;

  /** How many this one stands for, itself included; undefined where it is not to be told of. */
  take(nowMs: number): number | undefined {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#step = second === this.#second + 1 ? Math.ceil(this.#seen / TOLD_PER_SECOND) || 1 : 1;
      this.#second = second;
      this.#seen = 0;
    }
    this.#seen++;
    this.#untold++;
    // More than the second before led to expect.
    if (this.#seen > TOLD_PER_SECOND * this.#step) this.#step *= 2;
    if (this.#untold < this.#step) return undefined;
    const of = this.#untold;
    this.#untold = 0;
    return of;
  }
}
