import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Framer } from "../../src/wire/framer.ts";
import { ABIS, type Abi } from "../../src/wire/layout.ts";

// Packets by hand: resource id u64, unit u32, command u32, then zeros.
const packet = (abi: Abi, resource: number, unit: number, command: number): Uint8Array => {
  const bytes = new Uint8Array(abi);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(resource), true);
  new DataView(bytes.buffer).setUint32(8, unit, true);
  new DataView(bytes.buffer).setUint32(12, command, true);
  return bytes;
};
const connect = (abi: Abi) => packet(abi, 0, 0, 2);
const up = (abi: Abi) => packet(abi, 1, 1, 1);

/** The result of a framer for chunks without a pause, followed by a pause of the guest. */
function frames(chunks: readonly Uint8Array[], framer = new Framer()): Uint8Array[] {
  const found: Uint8Array[] = [];
  const drain = () => {
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) found.push(frame.slice());
  };
  for (const chunk of chunks) {
    framer.push(chunk.slice());
    drain();
  }
  for (let pause = 0; pause < 3; pause++) {
    framer.quiet();
    drain();
  }
  return found;
}

const concat = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

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
    const lives = [464, 456, 16, 460, 464].map((abi) => [
      connect(abi as Abi),
      up(abi as Abi),
      up(abi as Abi),
    ]);
    expect(lives.map((life) => frames([concat(...life)], framer))).toEqual(lives);
    expect(framer.framingErrors).toBe(0);
  });

  test("a configured size is used", () => {
    expect(frames([concat(connect(456), up(456))], new Framer(456))).toEqual([connect(456), up(456)]);
    expect(frames([concat(up(16), up(16))], new Framer(16))).toEqual([up(16), up(16)]);
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

  test("after the head of a torn packet, when the rest does not come", () => {
    const framer = new Framer();
    expect(frames([up(464).subarray(0, 200)], framer)).toEqual([]);
    framer.silence();
    expect(framer.framingErrors).toBe(1);
    expect(frames([connect(456), up(456)], framer)).toEqual([connect(456), up(456)]);
  });

  test("during endless garbage, in bounded memory", () => {
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
});

/** The memory of all buffers that are still referenced. */
function bufferBytes(): number {
  Bun.gc(true);
  return process.memoryUsage().external;
}

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
