import { expect, test } from "bun:test";
import { Framer } from "../../src/wire/framer.ts";
import { concat, connect, frames, packet, up } from "./packets.ts";

test("Framer hands a chunk that is one packet on without a copy, and joins others as they come", () => {
  const framer = new Framer(464);
  const chunk = up(464);
  framer.push(chunk);
  expect(framer.next()).toBe(chunk);
  framer.push(concat(connect(464), up(464)));
  expect(framer.next()).toEqual(connect(464));
  framer.push(connect(464));
  expect([framer.next(), framer.next(), framer.next()]).toEqual([up(464), connect(464), undefined]);
});

test("Framer synchronises again during endless garbage, in bounded memory", () => {
  for (const bytes of [500, 65_536]) {
    const framer = new Framer();
    const beforeBytes = bufferBytes();
    for (let i = 0; i < 200; i++) {
      framer.push(new Uint8Array(bytes).fill(0xff));
      expect(framer.next()).toBeUndefined();
    }
    // Unbounded, 200 chunks of the second size would be 13 MB.
    expect(bufferBytes() - beforeBytes).toBeLessThan(1_000_000);
    framer.silence();
    expect(frames([connect(464), up(464)], framer)).toEqual([connect(464), up(464)]);
  }
});

test("Framer keeps 4096 bytes that are no packets", () => {
  const framer = new Framer();
  framer.push(new Uint8Array(4096).fill(0xff));
  framer.next();
  expect([framer.waiting, framer.framingErrors]).toEqual([true, 0]);
  framer.push(Uint8Array.of(0xff));
  framer.next();
  expect([framer.waiting, framer.framingErrors]).toEqual([false, 1]);
});

test("Framer keeps nothing of a chunk but what is not a packet yet", () => {
  const chunk = concat(...Array.from({ length: 4000 }, () => up(464)));
  const beforeBytes = bufferBytes();
  const framers = [0, 1, 0, 1, 0, 1, 0, 1].map((rest) => {
    const framer = new Framer();
    framer.push(concat(chunk, up(464).slice(0, rest)));
    while (framer.next() !== undefined);
    return framer;
  });
  // Their chunks are 15 MB.
  expect(bufferBytes() - beforeBytes).toBeLessThan(6_000_000);
  expect(framers.filter(({ waiting }) => waiting).length).toBe(4);
});

test("Framer lets go of a chunk when its last packet is taken", () => {
  const chunk = concat(...Array.from({ length: 4000 }, () => up(464)));
  const beforeBytes = bufferBytes();
  const framers = Array.from({ length: 8 }, () => {
    const framer = new Framer();
    framer.push(chunk.slice());
    for (let packet = 0; packet < 4000; packet++) framer.next();
    return framer;
  });
  // Their chunks are 15 MB.
  expect(bufferBytes() - beforeBytes).toBeLessThan(6_000_000);
  expect(framers.map(({ held }) => held)).toEqual(Array(8).fill(0));
});

test("Framer that is shortened keeps the packets that came first, and finds the next one", () => {
  const framer = new Framer();
  const [first, second, third] = [packet(464, 1, 1, 1), packet(464, 1, 2, 1), packet(464, 1, 3, 1)];
  framer.push(concat(first, second, third));
  expect(framer.next()).toEqual(first);
  framer.shorten(928);
  expect([framer.held, framer.framingErrors]).toEqual([1392, 0]);
  framer.shorten(464);
  expect([framer.held, framer.framingErrors]).toEqual([464, 1]);
  expect([framer.next(), framer.next()]).toEqual([second, undefined]);
  expect(frames([connect(464), up(464)], framer)).toEqual([connect(464), up(464)]);
});

test("Framer frees what it drops at once, but no memory that it shares", () => {
  const [own, shared] = [new Framer(), new Framer()];
  const whole = concat(...Array.from({ length: 8 }, () => up(464)));
  const part = whole.subarray(0, 4 * 464);
  const chunk = whole.slice();
  own.push(chunk);
  own.shorten(464);
  shared.push(part);
  shared.shorten(464);
  expect([chunk.length, part.length, whole.length]).toEqual([0, 4 * 464, 8 * 464]);
});

/** The memory of all buffers that are still referenced. */
function bufferBytes(): number {
  Bun.gc(true);
  return process.memoryUsage().external;
}
