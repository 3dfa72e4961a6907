import type { Outcome } from "./interface.ts";

/** Text that is written in one turn of the event loop; a larger answer takes several. */
export const PIECE_LENGTH = 16 * 1024;

/** Members this deep are written one by one; what is deeper is small. */
const DEPTH = 4;

/**
 * Writes an answer as JSON in pieces, its NUL included, each little longer than {@link PIECE_LENGTH}: lists of CPUs and channels are
 * long, and guests are served between the pieces.
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
    // Both halves of a character that takes two stay together.
    if (/[\ud800-\udbff]/.test(text.charAt(end - 1))) end++;
    yield JSON.stringify(text.slice(start, end)).slice(1, -1);
    start = end;
  }
  yield '"';
}
