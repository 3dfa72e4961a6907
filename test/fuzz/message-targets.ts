import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createFramer } from "../../src/admin/framer.ts";
import { readCall } from "../../src/admin/message.ts";
import { ObjectCutter } from "../../src/channels/fifos/object-cutter.ts";
import { frames } from "../wire/packets.ts";
import { cut, mutate } from "./mutate.ts";
import { anyObjects } from "./objects.ts";
import type { Random } from "./random.ts";

/** However a stream is cut, the same packets are found; hostile bytes give packets of the four sizes only. */
export function stream(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const size = random.of([16, 456, 460, 464]);
  const packets = Array.from({ length: 2 + random.below(6) }, (_, index) => {
    const packet = new Uint8Array(size);
    packet[12] = index === 0 ? 2 : 1; // CONNECT, then requests
    packet[8] = 1 + random.below(4);
    packet[0] = random.below(64);
    return packet;
  });
  const sound = new Uint8Array(Buffer.concat(packets));
  note(sound);
  if (!isSame(frames(cut(sound, random)), packets))
    return `Not the ${packets.length} packets of ${size} bytes`;
  const hostile = mutate(sound, ["\x01\x00\x00\x00", "\x02\x00\x00\x00", "\x09\x00\x00\x00"], random);
  note(hostile);
  const strange = frames(cut(hostile, random)).find(({ length }) => ![16, 456, 460, 464].includes(length));
  return strange && `A packet of ${strange.length} bytes`;
}

/** Messages do not depend on the cuts, and a call that is accepted has its types. */
export function varlink(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const sound = Buffer.from(
    readFileSync(join(import.meta.dir, "corpus", "calls.jsonl"), "latin1").replaceAll("\n", "\0"),
    "latin1",
  );
  const bytes = mutate(sound, ["\0", "[", "{", '"', "\\", "null", "true", '"upgrade":true,'], random);
  note(bytes);
  const whole = messagesOf([bytes]);
  if (!isSame(messagesOf(cut(bytes, random)), whole)) return "The cuts make a difference";
  for (const message of whole) {
    const call = readCall(message);
    if (call.kind !== "call") continue;
    if (call.method.length > 255 || typeof call.parameters !== "object" || (call.more && call.oneway))
      return `It accepts ${JSON.stringify(call)}`;
  }
  return undefined;
}

function messagesOf(pieces: readonly Uint8Array[]): Uint8Array[] {
  const framer = createFramer(4096);
  const found: Uint8Array[] = [];
  for (const piece of pieces) {
    framer.push(piece);
    for (let next = framer.next(); next !== undefined; next = framer.next()) {
      if (next === "tooLong") return found;
      found.push(next);
    }
  }
  return found;
}

/** Objects do not depend on the cuts, and none is longer than the kernel writes in one piece. */
export function objects(random: Random, note: (input: Uint8Array) => void): string | undefined {
  const bytes = anyObjects(random);
  note(bytes);
  const found = (pieces: readonly Uint8Array[]) => {
    const cutter = new ObjectCutter();
    const all: Uint8Array[] = [];
    const take = (each: { kind: string; bytes?: Uint8Array }) =>
      all.push(each.bytes ?? new TextEncoder().encode(each.kind));
    for (const piece of pieces) cutter.push(piece, take);
    cutter.pause(take);
    return all;
  };
  const whole = found([bytes]);
  if (!isSame(found(cut(bytes, random)), whole)) return "The cuts make a difference";
  return whole.some(({ length }) => length > 4096) ? "An object above the limit" : undefined;
}

function isSame(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes, i) => Buffer.compare(bytes, b[i] as Uint8Array) === 0);
}
