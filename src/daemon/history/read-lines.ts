import type { Job } from "../operators/loop-slices.ts";

/** Characters that are looked at in one step. */
const STEP_CHARS = 16 * 1024;

/** Every line begins with its time, so that most need not be parsed. */
const BEGIN = /^\{"atMs":(\d{1,16})[,}]/;

/** A span of time on the wall clock, both ends included. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Hands on the lines of a span of time, the oldest first. Returns the time of the oldest line of all. */
export function* readLines(
  texts: Iterable<string>,
  { fromMs, toMs }: TimeSpan,
  take: (line: string) => void,
): Job<number | undefined> {
  let keptFromMs: number | undefined;
  for (const text of texts) {
    yield;
    for (const lines of pieces(text)) {
      yield;
      for (const line of lines) {
        const atMs = Number(BEGIN.exec(line)?.[1] ?? Number.NaN);
        if (Number.isNaN(atMs)) continue;
        keptFromMs = Math.min(keptFromMs ?? atMs, atMs);
        if (atMs >= fromMs && atMs <= toMs) take(line);
      }
    }
  }
  return keptFromMs;
}

/** Cuts a text into lines, some of them in each piece. */
function* pieces(text: string): Generator<string[]> {
  for (let at = 0; at < text.length; ) {
    const cut = text.indexOf("\n", at + STEP_CHARS);
    const end = cut === -1 ? text.length : cut;
    yield text.slice(at, end).split("\n");
    at = end + 1;
  }
}
