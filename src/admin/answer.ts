import type { Outcome } from "./interface.ts";

/** Characters that are written in one turn of the event loop; a longer answer takes several turns. */
export const PIECE_LENGTH = 16 * 1024;

/** Objects nested up to this depth are written member by member; deeper ones are small and written at once. */
const DEPTH = 4;

/**
 * Writes an answer as JSON with its final NUL, in pieces of about {@link PIECE_LENGTH} characters. Lists of CPUs and
 * channels are long, and guests are served between the pieces.
 */
export function* answerPieces(outcome: Outcome): Generator<string> {
  let piece = "";
  for (const part of parts(outcome, DEPTH)) {
    piece += part;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}\0`;
}

function* parts(value: unknown, depth: number): Generator<string> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      yield `${index === 0 ? "[" : ","}${JSON.stringify(item) ?? "null"}`;
    yield value.length === 0 ? "[]" : "]";
  } else if (depth > 0 && typeof value === "object" && value !== null) {
    let separator = "{";
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${separator}${JSON.stringify(name)}:`;
      yield* parts(member, depth - 1);
      separator = ",";
    }
    yield separator === "{" ? "{}" : "}";
  } else if (typeof value === "string" && value.length > PIECE_LENGTH) {
    yield* textParts(value);
  } else {
    yield JSON.stringify(value) ?? "null";
  }
}

function* textParts(text: string): Generator<string> {
  yield '"';
  for (let start = 0; start < text.length; ) {
    let end = start + PIECE_LENGTH;
    // Does not cut a surrogate pair.
    if (/[\ud800-\udbff]/.test(text.charAt(end - 1))) end++;
    yield JSON.stringify(text.slice(start, end)).slice(1, -1);
    start = end;
  }
  yield '"';
}
