/** Goes around a list, a part of it at a time, so that the cost of one call does not grow with the list. */
export class Turns {
  readonly #size: number;
  #at = 0;

  /** `size`: how many elements a part has at most. */
  constructor(size: number) {
    this.#size = size;
  }

  /** The next part of the list. An element is not in it twice. A list that changed meanwhile is gone around all the same. */
  next<T>(all: readonly T[]): T[] {
    const part: T[] = [];
    for (let left = Math.min(this.#size, all.length); left > 0; left--) {
      this.#at %= all.length;
      part.push(all[this.#at++] as T);
    }
    return part;
  }
}
