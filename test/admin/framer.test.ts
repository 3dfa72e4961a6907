import { expect, test } from "bun:test";
import fc from "fast-check";
import { createFramer } from "../../src/admin/framer.ts";

const decoder = new TextDecoder();

function framesOf(chunks: Iterable<Uint8Array>, max = 1_000): { frames: string[]; rest: number } {
  const framer = createFramer(max);
  const frames: string[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
      frames.push(frame === "tooLong" ? "TOO LONG" : decoder.decode(frame));
      if (frame === "tooLong") return { frames, rest: framer.buffered() };
    }
  }
  return { frames, rest: framer.buffered() };
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

test("Framer cuts at NULs and keeps an incomplete message", () => {
  expect(framesOf([Buffer.from("one\0two\0\0thr")])).toEqual({ frames: ["one", "two", ""], rest: 3 });
});

test("Framer gives the same messages however the stream is cut", () => {
  const stream = fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 255 })), { maxLength: 300 })
    .map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
      expect(framesOf(cut(bytes, places))).toEqual(framesOf([bytes]));
    }),
  );
});

test("Framer cuts many messages of many sizes correctly", () => {
  const texts = Array.from({ length: 200 }, (_, index) => "x".repeat((index * 7919) % 9000));
  const bytes = Buffer.from(texts.map((text) => `${text}\0`).join(""));
  for (const step of [1, 97, 4096, 65536]) {
    const chunks = cut(
      bytes,
      Array.from({ length: bytes.length / step }, (_, index) => index * step),
    );
    expect(framesOf(chunks, 9000).frames).toEqual(texts);
  }
});

test("Framer copies its input", () => {
  const framer = createFramer(10);
  const chunk = Buffer.from("ab");
  framer.push(chunk);
  chunk.fill(0);
  framer.push(Buffer.from("\0"));
  expect(framer.next()).toEqual(Uint8Array.of(0x61, 0x62));
});

test("Framer refuses a message that is too long, whole or not", () => {
  expect(framesOf([Buffer.from("1234567890\0")], 10).frames).toEqual(["1234567890"]);
  expect(framesOf([Buffer.from("1234567890x\0ok\0")], 10).frames).toEqual(["TOO LONG"]);
  expect(framesOf([Buffer.from("1234567890"), Buffer.from("x")], 10).frames).toEqual(["TOO LONG"]);
});

test("Framer keeps no memory for a client that sent much once", () => {
  const used = () => {
    Bun.gc(true);
    return process.memoryUsage().external;
  };
  const message = Buffer.alloc(2 ** 20, "x");
  const beforeBytes = used();
  const framers = Array.from({ length: 8 }, () => {
    const framer = createFramer(2 ** 21);
    framer.push(message);
    framer.push(Buffer.from("\0ok\0"));
    return framer;
  });
  const seen = framers.map((framer) => [framer.next()?.length, decoder.decode(framer.next() as Uint8Array)]);
  expect(seen).toEqual(framers.map(() => [2 ** 20, "ok"]));
  // Otherwise these are 16 MB.
  expect(used() - beforeBytes).toBeLessThan(6_000_000);
  for (const framer of framers) framer.push(Buffer.from("more\0"));
  expect(framers.map((framer) => decoder.decode(framer.next() as Uint8Array))).toEqual(
    framers.map(() => "more"),
  );
});

test("Framer examines each byte once: a long message that arrives byte by byte is fast", () => {
  const framer = createFramer(2 ** 21);
  const byte = Buffer.from("x");
  const startMs = performance.now();
  for (let i = 0; i < 2 ** 18; i++) {
    framer.push(byte);
    framer.next();
  }
  // Searching all bytes again each time would take 3 * 10^10 steps.
  expect(performance.now() - startMs).toBeLessThan(2_000);
});
