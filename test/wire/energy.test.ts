import { expect, test } from "bun:test";
import { decode } from "../../src/wire/decode.ts";
import { decodeReply, replySize } from "../../src/wire/decode-reply.ts";
import { encode } from "../../src/wire/encode.ts";
import { Framer } from "../../src/wire/framer.ts";
import { energyReply } from "../../src/wire/reply.ts";

/** 464 bytes with the query's command, written by hand; the others are arbitrary. */
const query = (fill = 0) =>
  new Uint8Array(464).fill(fill).with(12, 0x01).with(13, 0).with(14, 0x50).with(15, 0x56);

test("a query for energy is known by its command alone", () => {
  expect(encode({ kind: "energy" }, 464)).toEqual(query());
  expect(decode(query(0xaa))).toEqual({ kind: "energy" });
  expect(decode(query().slice(0, 16))).toEqual({
    kind: "malformed",
    reason: "Command 1448083457 in a packet of 16 bytes",
  });
});

test("it is cut from the stream as the first packet of a guest, and behind others", () => {
  const framer = new Framer();
  const connect = new Uint8Array(464).fill(0x77).with(12, 2).with(13, 0).with(14, 0).with(15, 0);
  for (const packet of [connect, query(), query()]) framer.push(packet);
  expect([framer.next(), framer.next(), framer.next()]).toEqual([connect, query(), query()]);
  const alone = new Framer();
  alone.push(query());
  expect([alone.next(), alone.abi]).toEqual([query(), 464]);
});

test("the reply has 32 bytes: a meter or none, whole joules, and the second up to which they were counted", () => {
  const bytes = Uint8Array.fromHex(
    "0000000000000000" + "01000000" + "02005056" + "0500000001000000" + "80fe1a6b00000000",
  );
  const energy = { joules: 2 ** 32 + 5, second: 1_796_931_200, metered: true };
  expect(energyReply(energy)).toEqual(bytes);
  expect(replySize(bytes.subarray(0, 16))).toBe(32);
  expect(decodeReply(bytes)).toEqual({ kind: "energy", energy });
  const unmetered = { ...energy, metered: false };
  expect(energyReply(unmetered)).toEqual(bytes.with(8, 0));
  expect(decodeReply(bytes.with(8, 0))).toEqual({ kind: "energy", energy: unmetered });
});
