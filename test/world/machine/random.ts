/** Chance from a seed: the same seed gives the same numbers (xoshiro128**). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    // splitmix32 spreads a small seed over all bits of the state.
    let state = seed >>> 0;
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** What one part of a world draws from. Another part, or what it draws more, changes nothing here. */
  static of(seed: number, part: string): Random {
    let mixed = seed;
    for (let i = 0; i < part.length; i++) mixed = Math.imul(mixed ^ part.charCodeAt(i), 0x01000193);
    return new Random(mixed);
  }

  /** 32 bits. */
  bits(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  /** From 0 to 1, without 1. */
  float(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number from 0 to `end`, without `end`. */
  below(end: number): number {
    return Math.floor(this.float() * end);
  }

  /** A whole number, both ends included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A source of its own, so that what one part draws does not change what another gets. */
  fork(): Random {
    return new Random(this.bits());
  }
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
