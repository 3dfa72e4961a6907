import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeFrame, FRAME_BYTES_MAX, type Frame, FrameCutter } from "../../src/hypervisor/libvirt/frame.ts";
import { hex, joined } from "./bytes.ts";

/** CONNECT_OPEN as virsh 9.0 sent it for `test:///default`. */
const OPEN = hex(
  "00000038 20008086 00000001 00000001", // length, program, version, procedure
  "00000000 00000002 00000000", // type, serial, status
  "00000001 0000000f 746573743a2f2f2f64656661756c7400 00000000", // the URI, flags
);

/** libvirtd 9.0's reply to AUTH_LIST: one type, none. */
const AUTH_REPLY = hex("00000024 20008086 00000001 00000042 00000001 00000000 00000000 00000001 00000000");

function frames(pieces: readonly Uint8Array[], cutter = new FrameCutter()): (Frame | string)[] {
  const found: (Frame | string)[] = [];
  for (const piece of pieces) {
    const wrong = cutter.push(piece, (frame) => found.push({ ...frame, body: frame.body.slice() }) > 0);
    if (wrong !== undefined) found.push(wrong);
  }
  return found;
}

test("encodeFrame() makes the same bytes as virsh", () => {
  const body = OPEN.subarray(28);
  const header = { program: 0x20008086, version: 1, procedure: 1, type: 0, serial: 2, status: 0 };
  expect(encodeFrame({ ...header, body })).toEqual(OPEN);
});

test("FrameCutter reads the header in its order", () => {
  expect(frames([AUTH_REPLY])).toEqual([
    {
      program: 0x20008086,
      version: 1,
      procedure: 66,
      type: 1,
      serial: 0,
      status: 0,
      body: hex("00000001 00000000"),
    },
  ]);
});

test("FrameCutter gives the same frames however the stream is cut and joined", () => {
  // The body ends in a byte that is not zero, so that a missing byte would be seen.
  const ping = hex("0000001c 6b656570 00000001 00000001 00000002 00000000 000000ff");
  const stream = joined(OPEN, AUTH_REPLY, ping, ping, OPEN, AUTH_REPLY, ping);
  const whole = frames([OPEN, AUTH_REPLY, ping, ping, OPEN, AUTH_REPLY, ping]);
  const cuts = fc.array(fc.nat(stream.length), { maxLength: 40 });
  fc.assert(
    fc.property(cuts, (places) => {
      const ends = [...places.sort((a, b) => a - b), stream.length];
      expect(frames(ends.map((end, i) => stream.slice(ends[i - 1] ?? 0, end)))).toEqual(whole);
    }),
  );
});

test("FrameCutter joins a message of many pieces, larger than its first buffer", () => {
  const large = encodeFrame({ ...(frames([OPEN])[0] as Frame), body: new Uint8Array(300_000).fill(7) });
  const pieces = Array.from({ length: 76 }, (_, i) => large.slice(i * 4000, (i + 1) * 4000));
  const [frame, after] = frames([...pieces, AUTH_REPLY]) as Frame[];
  expect([frame?.body.length, frame?.body[299_999], after?.procedure]).toEqual([300_000, 7, 66]);
});

test.each([
  ["shorter than a header", "0000001b", "a message of 27 bytes"],
  ["of length zero", "00000000", "a message of 0 bytes"],
  ["one byte past libvirt's limit", "02000001", "a message of 33554433 bytes"],
  ["that wants four gigabytes", "ffffffff", "a message of 4294967295 bytes"],
])("FrameCutter refuses a message %s", (_, length, wrong) => {
  expect(frames([joined(AUTH_REPLY, hex(length))]).at(-1)).toBe(wrong);
});

test("FrameCutter allocates no memory for announced bytes that have not arrived", () => {
  const before = process.memoryUsage().arrayBuffers;
  const cutters = Array.from({ length: 32 }, () => new FrameCutter());
  const announced = new Uint8Array(4);
  new DataView(announced.buffer).setUint32(0, FRAME_BYTES_MAX);
  for (const cutter of cutters) expect(frames([announced, new Uint8Array(100)], cutter)).toEqual([]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 128 * 1024);
});

test("FrameCutter stops in the middle of its input when told to", () => {
  const cutter = new FrameCutter();
  let seen = 0;
  cutter.push(joined(AUTH_REPLY, AUTH_REPLY, AUTH_REPLY), () => ++seen < 2);
  expect(seen).toBe(2);
});
