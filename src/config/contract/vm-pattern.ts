/** A pattern of VM names: `*` stands for any characters, `?` for one. */
const WILDCARD = /[*?]/;

/** The pattern that every name matches. It has a rank of its own, below all others. */
export const EVERY_VM = "*";

/** Whether a name in the configuration is a pattern. */
export function isPattern(name: string): boolean {
  return WILDCARD.test(name);
}

/** The number of characters that a name must have as they are written: of two patterns, the one with more counts. */
export function literalCount(pattern: string): number {
  return [...pattern].filter((char) => char !== "*" && char !== "?").length;
}

/**
 * Whether a name matches a pattern. Only the last `*` is ever tried again, so it takes at most as many steps as the
 * product of both lengths, which are those of names.
 */
export function matches(pattern: string, name: string): boolean {
  const wanted = [...pattern];
  const chars = [...name];
  let at = 0;
  let star = -1;
  let starFrom = 0;
  for (let next = 0; next < chars.length; ) {
    const want = wanted[at];
    if (want === "*") {
      star = at++;
      starFrom = next;
    } else if (want === "?" || (want !== undefined && want === chars[next])) {
      at++;
      next++;
    } else if (star >= 0) {
      at = star + 1;
      next = ++starFrom;
    } else return false;
  }
  return wanted.slice(at).every((want) => want === "*");
}

/**
 * Whether some text matches both patterns. Walks through both at once, as an automaton would that accepts what both
 * accept: `reached` are the places in `b` where a text may be when it is at one place in `a`. A text that is too long
 * for a name counts too, so that a few patterns are called ambiguous that no VM could make so.
 */
export function overlap(a: string, b: string): boolean {
  const first = [...a];
  const second = [...b];
  let reached = withStars(new Set([0]), second);
  for (const want of first) {
    const next = new Set<number>();
    // A star of `a` takes any number of characters: every later place of `b` can be reached.
    if (want === "*") for (let at = Math.min(...reached); at <= second.length; at++) next.add(at);
    else
      for (const at of reached) {
        const other = second[at];
        if (other === "*") next.add(at);
        else if (other === "?" || other === want || (want === "?" && other !== undefined)) next.add(at + 1);
      }
    reached = withStars(next, second);
    if (reached.size === 0) return false;
  }
  return reached.has(second.length);
}

/** Adds the places that are reached by letting a `*` stand for nothing. */
function withStars(reached: Set<number>, pattern: readonly string[]): Set<number> {
  for (const at of reached) if (pattern[at] === "*") reached.add(at + 1);
  return reached;
}
