import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Framer, QUIET_MS, SILENCE_MS } from "../../src/wire/framer.ts";
import { ABIS } from "../../src/wire/layout.ts";
import { concat, connect, frames, packet, up } from "./packets.ts";

describe("Framer detects each packet size", () => {
  test.each(ABIS.map((abi) => [abi]))("%d bytes", (abi) => {
    const stream = [connect(abi), up(abi), packet(abi, 3, 4, 1)];
    expect(frames([concat(...stream)])).toEqual(stream);
    expect(frames(stream)).toEqual(stream);
  });

  test("912 bytes that begin with CONNECT are two of 456", () => {
    expect(frames([concat(connect(456), up(456))])).toEqual([connect(456), up(456)]);
  });

  test("464 bytes are 29 packets of 16 only when each of them is one", () => {
    const short = Array.from({ length: 29 }, () => up(16));
    expect(frames([concat(...short)])).toEqual(short);
    const broken = concat(...short);
    broken[28 * 16 + 12] = 0; // the last one's command
    expect(frames([broken])).toEqual([broken]);
  });

  test("a lone request of the largest size is not kept waiting", () => {
    const framer = new Framer();
    framer.push(up(464));
    expect(framer.next()).toEqual(up(464));
  });

  test("a request behind a CONNECT is not kept waiting", () => {
    for (const abi of [464, 460, 456] as const)
      for (const unit of [1, 2, 3, 4, 5, 6]) {
        const framer = new Framer();
        framer.push(connect(abi));
        framer.next();
        framer.push(packet(abi, 0, unit, 1));
        expect([framer.next(), framer.next()]).toEqual([connect(abi), packet(abi, 0, unit, 1)]);
      }
  });

  test("a CONNECT is recognised whatever its other bytes are", () => {
    const garbage = new Uint8Array(464).fill(0xa5);
    garbage.set([2, 0, 0, 0], 12);
    expect(frames([garbage, up(464)])).toEqual([garbage, up(464)]);
  });

  test("a guest restarted with another release is detected at its CONNECT", () => {
    const framer = new Framer();
    const lives = [464, 456, 16, 460, 464].map((abi) => [connect(abi), up(abi), up(abi)]);
    expect(lives.map((life) => frames([concat(...life)], framer))).toEqual(lives);
    expect(framer.framingErrors).toBe(0);
  });

  test("a configured size is used", () => {
    expect(frames([concat(connect(456), up(456))], new Framer(456))).toEqual([connect(456), up(456)]);
    expect(frames([concat(up(16), up(16))], new Framer(16))).toEqual([up(16), up(16)]);
    // Otherwise these were 29 packets, and one of 460 bytes.
    const short = concat(...Array.from({ length: 29 }, () => up(16)));
    expect(frames([short], new Framer(464))).toEqual([short]);
    expect(frames([up(460)], new Framer(464))).toEqual([]);
  });

  test("a guest whose size is known may name any resource", () => {
    const far = packet(464, 70_000, 1, 1);
    const framer = new Framer();
    expect(frames([connect(464), up(464), far, up(464)], framer)).toEqual([
      ...[connect(464), up(464), far, up(464)],
    ]);
    expect(framer.framingErrors).toBe(0);
  });

  test("without a byte for 5 ms a packet has ended, and after 100 ms nothing is left", () => {
    expect([QUIET_MS, SILENCE_MS]).toEqual([5, 100]);
    const framer = new Framer();
    const seen = [framer.waiting];
    framer.silence();
    framer.push(up(464));
    seen.push(framer.waiting);
    framer.next();
    seen.push(framer.waiting);
    framer.push(up(464).slice(0, 20));
    framer.silence();
    seen.push(framer.waiting);
    expect([seen, framer.framingErrors]).toEqual([[false, true, false, false], 1]);
    // Another guest may be there now, which need not begin with CONNECT.
    framer.push(concat(up(456), up(456)));
    expect([framer.next(), framer.next()]).toEqual([up(456), up(456)]);
  });
});

describe("Framer synchronises again", () => {
  test("after the tail of a torn packet", () => {
    const framer = new Framer();
    expect(frames([concat(new Uint8Array(300), connect(464), up(464))], framer)).toEqual([
      connect(464),
      up(464),
    ]);
    expect(framer.framingErrors).toBe(1);
  });

  test("after a whole invalid packet", () => {
    for (const fixed of ["auto", 464] as const) {
      const framer = new Framer(fixed);
      expect(frames([packet(464, 0, 9, 1), up(464)], framer)).toEqual([up(464)]);
      expect(framer.framingErrors).toBe(1);
    }
  });

  test("at once when the guest pauses, if only a few bytes are in the way", () => {
    for (const [garbage, first] of [
      [new Uint8Array(8), up(464)],
      [new Uint8Array(8), connect(464)],
      // What could have been packets itself: a CONNECT, and a request for a CPU that no host has.
      [connect(16), up(464)],
      [packet(16, 70_000, 1, 1), up(456)],
    ] as const) {
      const framer = new Framer();
      framer.push(concat(garbage, first));
      expect(framer.next()).toBeUndefined();
      framer.quiet();
      expect([framer.next(), framer.next(), framer.framingErrors]).toEqual([first, undefined, 1]);
    }
  });

  test("never within a packet whose rest is still to come", () => {
    for (const [before, first] of [
      [[], new Uint8Array(464).with(12, 2)],
      [[connect(464), up(464)], packet(464, 70_000, 1, 1)],
    ] as const) {
      // What comes before the pause ends with something like a packet of 16 bytes.
      const whole = concat(first.subarray(0, 434), up(16), first.subarray(450));
      const framer = new Framer();
      expect(frames(before, framer)).toEqual([...before]);
      framer.push(whole.slice(0, 450));
      framer.next();
      framer.quiet();
      expect(framer.next()).toBeUndefined();
      expect(frames([whole.slice(450)], framer)).toEqual([whole]);
    }
  });

  test("after 16 bytes that are none of a guest that sends so many", () => {
    const framer = new Framer();
    expect(frames([connect(16), up(16)], framer)).toEqual([connect(16), up(16)]);
    expect(frames([new Uint8Array(16), connect(16), up(16)], framer)).toEqual([connect(16), up(16)]);
    expect(framer.framingErrors).toBe(1);
  });

  test("after the head of a torn packet, when the rest does not come", () => {
    const framer = new Framer();
    expect(frames([up(464).subarray(0, 200)], framer)).toEqual([]);
    framer.silence();
    expect(framer.framingErrors).toBe(1);
    expect(frames([connect(456), up(456)], framer)).toEqual([connect(456), up(456)]);
  });
});

const abi = fc.constantFrom(...ABIS);
/** The bytes of one guest process: a CONNECT with arbitrary bytes, then requests. */
const life = abi.chain((size) =>
  fc
    .tuple(
      fc.uint8Array({ minLength: size, maxLength: size }),
      fc.array(fc.tuple(fc.nat(63), fc.integer({ min: 1, max: size === 16 ? 4 : 6 })), { maxLength: 40 }),
    )
    .map(([stack, requests]) => {
      stack.set([2, 0, 0, 0], 12);
      return [stack, ...requests.map(([resource, unit]) => packet(size, resource, unit, 1))];
    }),
);

function cut(stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set(cuts.map((c) => c % (stream.length + 1)))].sort((a, b) => a - b);
  return [...at, stream.length].map((end, i) => stream.subarray(at[i - 1] ?? 0, end));
}

test("Framer gives the same frames however the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(life, fc.array(fc.nat(), { maxLength: 30 })), { maxLength: 4 }),
      (lives) => {
        const framer = new Framer();
        for (const [packets, cuts] of lives)
          expect(frames(cut(concat(...packets), cuts), framer)).toEqual(packets);
        expect(framer.framingErrors).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

test("Framer gives the same frames when every byte comes alone", () => {
  for (const size of ABIS) {
    const packets = [connect(size), up(size), packet(size, 0, 2, 1), packet(size, 7, 4, 1)];
    expect(frames(cut(concat(...packets), [...Array(size * 4).keys()]))).toEqual(packets);
  }
});

test("Framer accepts any bytes, and then still recognises packets of a guest", () => {
  const pause = fc.constantFrom("no", "quiet", "silence");
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    life.map((packets) => concat(...packets)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(anything, pause), { maxLength: 20 }), (chunks) => {
      const framer = new Framer();
      for (const [bytes, kind] of chunks) {
        framer.push(bytes);
        let count = 0;
        while (framer.next() !== undefined) expect(++count).toBeLessThan(1 + 20_000);
        if (kind !== "no") framer.quiet();
        if (kind === "silence") framer.silence();
      }
      while (framer.next() !== undefined);
      framer.silence();
      expect(frames([connect(464), up(464)], framer)).toEqual([connect(464), up(464)]);
    }),
    { numRuns: 300 },
  );
});
