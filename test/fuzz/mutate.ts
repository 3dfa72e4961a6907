import type { Random } from "./random.ts";

/** Words of a format, put where they do not belong. */
type Words = readonly string[];

const NUMBERS = ["0", "-1", "255", "256", "4095", "4096", "8192", "4294967296", "9007199254740993", "1e308"];
const BYTES = [0x00, 0x0a, 0x0d, 0x20, 0x22, 0x5c, 0x7f, 0x80, 0xc3, 0xff];

/** A sound input with some edits: numbers and words exchanged, parts repeated, moved, left out, cut off or damaged. */
export function mutate(sound: Uint8Array, words: Words, random: Random): Uint8Array {
  let bytes = sound;
  for (let edits = 1 + random.below(4); edits > 0; edits--) bytes = edit(bytes, words, random);
  return bytes;
}

/** The same bytes in pieces, as a stream may bring them. */
export function cut(bytes: Uint8Array, random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.below(random.onceIn(2) ? 8 : 600);
    pieces.push(bytes.slice(at, end));
    at = end;
  }
  return pieces;
}

function edit(bytes: Uint8Array, words: Words, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const span = 1 + random.below(random.onceIn(3) ? 200 : 8);
  const part = bytes.subarray(at, at + span);
  const replaced = (end: number, by: Uint8Array) =>
    new Uint8Array(Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(end)]));
  switch (random.below(8)) {
    case 0:
      return replaced(at + span, new Uint8Array());
    case 1:
      return replaced(at, part);
    case 2:
      return replaced(at, repeated(part, random));
    case 3:
      return replaced(at + 1, Uint8Array.of(random.of(BYTES)));
    case 4:
      return bytes.slice(0, at);
    case 5:
      return withNumber(bytes, random);
    case 6: {
      const from = random.below(bytes.length + 1);
      return replaced(at, bytes.slice(from, from + span));
    }
    default:
      return replaced(at + (random.onceIn(2) ? 0 : span), Buffer.from(random.of(words)));
  }
}

function repeated(part: Uint8Array, random: Random): Uint8Array {
  return new Uint8Array(Buffer.concat(new Array(1 + random.below(40)).fill(part)));
}

/** Exchanges a number of the text; of bytes that are none, a big-endian word. */
function withNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1");
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length > 0) {
    const { 0: number, index } = random.of(numbers);
    const changed = `${text.slice(0, index)}${random.of(NUMBERS)}${text.slice(index + number.length)}`;
    return new Uint8Array(Buffer.from(changed, "latin1"));
  }
  const changed = bytes.slice();
  const at = 4 * random.below(Math.max(1, bytes.length >> 2));
  if (at + 4 <= bytes.length)
    new DataView(changed.buffer).setUint32(
      at,
      random.of([0, 1, 27, 28, 2 ** 16, 2 ** 25, 2 ** 25 + 1, 2 ** 32 - 1]),
    );
  return changed;
}
