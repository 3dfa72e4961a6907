/** The pattern that every name matches. It has a rank of its own, below all others. */
export const EVERY_VM = "*";

/** The number of characters that a name must have as they are written: of two patterns, the one with more counts. */
export function literalCount(pattern: string): number {
  return [...pattern].filter((char) => char !== "*" && char !== "?").length;
}

/**
 * Whether some text matches both patterns. Walks through both at once, as an automaton would that accepts what both
 * accept: `reached` are the places in `b` where a text may be when it is at one place in `a`. A text that is too long
 * for a name counts too, so that a few patterns are called ambiguous that no VM could make so. It takes as many steps
 * as the product of both lengths.
 */
export function overlap(a: string, b: string): boolean {
  const second = [...b];
  let reached = new Uint8Array(second.length + 1);
  reached[0] = 1;
  passStars(reached, second);
  for (const want of a) {
    const next = new Uint8Array(second.length + 1);
    let any = false;
    for (let at = 0; at <= second.length; at++) {
      // A star of `a` takes any number of characters: every later place of `b` can be reached.
      const leads = want === "*" ? any || reached[at] === 1 : reached[at] === 1 && accepts(want, second[at]);
      if (!leads) continue;
      any = true;
      next[want === "*" || second[at] === "*" ? at : at + 1] = 1;
    }
    if (!any) return false;
    passStars(next, second);
    reached = next;
  }
  return reached[second.length] === 1;
}

/** Whether a character that one pattern wants can be one that the other wants; no star of the first. */
function accepts(want: string, other: string | undefined): boolean {
  return other !== undefined && (other === "*" || other === "?" || want === "?" || want === other);
}

/** Adds the places that are reached by letting a `*` stand for nothing. */
function passStars(reached: Uint8Array, pattern: readonly string[]): void {
  for (let at = 0; at < pattern.length; at++)
    if (pattern[at] === "*" && reached[at] === 1) reached[at + 1] = 1;
}
