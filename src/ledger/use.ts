/** How CPUs ran, summed over their busy time: the terms of the power model. */
export interface Use {
  /** GHz times seconds. */
  readonly ghzS: number;
  /** GHz to the third times seconds. */
  readonly ghz3S: number;
  /** Seconds at a speed that is turbo: what it really is depends on the other CPUs. */
  readonly turboS: number;
}

/** Nothing ran. */
export const NO_USE: Use = { ghzS: 0, ghz3S: 0, turboS: 0 };

/** Returns `a` and so many times `b`. */
export function plus(a: Use, b: Use, times = 1): Use {
  return {
    ghzS: a.ghzS + times * b.ghzS,
    ghz3S: a.ghz3S + times * b.ghz3S,
    turboS: a.turboS + times * b.turboS,
  };
}

/** A sum that grows in place: an interval of a large host has thousands of parts. */
export class UseSum implements Use {
  ghzS = 0;
  ghz3S = 0;
  turboS = 0;

  add({ ghzS, ghz3S, turboS }: Use, times = 1): void {
    this.ghzS += times * ghzS;
    this.ghz3S += times * ghz3S;
    this.turboS += times * turboS;
  }
}

/** So many seconds at one speed. */
export function useAt(khz: number, seconds: number, isTurbo: boolean): Use {
  const ghz = khz / 1e6;
  return { ghzS: ghz * seconds, ghz3S: ghz * ghz * ghz * seconds, turboS: isTurbo ? seconds : 0 };
}

/** The terms in the order of the model's coefficients, behind the constant one. */
export function terms({ ghzS, ghz3S, turboS }: Use): readonly [number, number, number] {
  return [ghzS, ghz3S, turboS];
}
