/** A pattern of names: `*` stands for any characters, `?` for one. */
const WILDCARD = /[*?]/;

/** Whether a name is a pattern. */
export function isPattern(name: string): boolean {
  return WILDCARD.test(name);
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
