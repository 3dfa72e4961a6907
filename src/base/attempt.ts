/** Makes a call that may throw, for example because a file or a process is gone. Returns undefined if it throws. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

/** The value of a JSON text; undefined if the text is none. */
export function jsonIn(text: string): unknown {
  return attempt(() => JSON.parse(text) as unknown);
}
