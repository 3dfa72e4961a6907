import { expect, test } from "bun:test";
import { QUEUED_CALLS_MAX, Rpc } from "../../src/hypervisor/libvirt/rpc.ts";
import type { XdrReader } from "../../src/hypervisor/libvirt/xdr-reader.ts";
import { hex, joined } from "./bytes.ts";

/** A connection without a socket. */
function open(timeoutMs = 10_000) {
  const written: Uint8Array[] = [];
  const ended: string[] = [];
  const events: number[] = [];
  const stream = { write: (bytes: Uint8Array) => written.push(bytes) > 0, close: () => ended.push("closed") };
  const listener = {
    event(procedure: number, body: XdrReader) {
      events.push(procedure);
      body.u32();
      return undefined;
    },
    lost: (reason: string) => ended.push(reason),
    silent: () => ended.push("silent"),
    answers: () => ended.push("answers"),
  };
  return { rpc: new Rpc(stream, listener, timeoutMs), written, ended, events };
}

const nothing = new Uint8Array();
const number = (body: XdrReader): number => body.u32();

/** A reply to procedure 66 with one number. */
const reply = (serial: string, value: string) =>
  hex(`00000020 20008086 00000001 00000042 00000001 ${serial} 00000000 ${value}`);

test("Rpc.call() sends a call and returns the reply with its serial", async () => {
  const { rpc, written } = open();
  const calls = [rpc.call(66, nothing, number), rpc.call(66, hex("0000000a"), number)];
  expect(written).toEqual([
    hex("0000001c 20008086 00000001 00000042 00000000 00000001 00000000"),
    hex("00000020 20008086 00000001 00000042 00000000 00000002 00000000 0000000a"),
  ]);
  rpc.received(joined(reply("00000002", "0000000b"), reply("00000001", "0000000c")));
  expect(await Promise.all(calls)).toEqual([
    { ok: true, value: 12 },
    { ok: true, value: 11 },
  ]);
});

test("Rpc.call() returns libvirt's code and message of a refusal", async () => {
  const { rpc } = open();
  const call = rpc.call(9999, nothing, number);
  rpc.received(
    hex(
      "00000088 20008086 00000001 0000270f 00000001 00000001 00000001", // status 1
      "00000027 00000007", // code 39, error domain
      "00000001 00000017 756e6b6e6f776e2070726f6365647572653a2039393939 00", // unknown procedure: 9999
      "00000002 00000000 00000001 00000002 25730000", // level, no domain, "%s"
      "00000001 00000017 756e6b6e6f776e2070726f6365647572653a2039393939 00 00000000",
      "ffffffff ffffffff 00000000",
    ),
  );
  const why = { kind: "refused" as const, code: 39, message: "unknown procedure: 9999" };
  expect(await call).toEqual({ ok: false, why });
});

test("Rpc has four calls under way, keeps others in order, and refuses more than its limit", async () => {
  const { rpc, written } = open();
  const calls = Array.from({ length: 4 + QUEUED_CALLS_MAX }, () => rpc.call(66, nothing, number));
  expect(written.length).toBe(4);
  expect(await rpc.call(66, nothing, number)).toEqual({ ok: false, why: { kind: "slow" } });
  rpc.received(reply("00000003", "00000000"));
  expect(written.length).toBe(5);
  rpc.end("over");
  expect((await Promise.all(calls)).filter(({ ok }) => ok).length).toBe(1);
});

test("Rpc answers a PING with the PONG that libvirt expects", () => {
  const { rpc, written } = open();
  rpc.received(hex("0000001c 6b656570 00000001 00000001 00000002 00000000 00000000"));
  expect(written).toEqual([hex("0000001c 6b656570 00000001 00000002 00000002 00000000 00000000")]);
});

test("Rpc passes events on, known or not", () => {
  const { rpc, events, ended } = open();
  rpc.received(hex("00000020 20008086 00000001 0000013e 00000002 00000001 00000000 00000000"));
  rpc.received(hex("00000020 20008086 00000001 0000ffff 00000002 00000000 00000000 00000000"));
  expect([events, ended]).toEqual([[318, 65535], []]);
});

test.each([
  ["a reply that nobody waits for", reply("00000009", "00000000")],
  [
    "a reply to another procedure",
    hex("00000020 20008086 00000001 00000001 00000001 00000001 00000000 00000000"),
  ],
  ["a reply cut short", hex("0000001c 20008086 00000001 00000042 00000001 00000001 00000000")],
  ["a status that is none", hex("0000001c 20008086 00000001 00000042 00000001 00000001 00000007")],
  [
    "an error without words' end",
    hex("00000028 20008086 00000001 00000042 00000001 00000001 00000001 00000001 00000001 00000001"),
  ],
  ["another program", hex("0000001c 20008087 00000001 00000042 00000001 00000001 00000000")],
  ["another version", hex("0000001c 20008086 00000002 00000042 00000001 00000001 00000000")],
  ["a call to us", hex("0000001c 20008086 00000001 00000042 00000000 00000001 00000000")],
  ["an event cut short", hex("0000001c 20008086 00000001 0000013e 00000002 00000000 00000000")],
  ["a length that is none", hex("00000003")],
])("Rpc ends the connection after %s", async (_, bytes) => {
  const { rpc, ended, events } = open();
  const call = rpc.call(66, nothing, number);
  rpc.received(joined(bytes, reply("00000001", "00000000")));
  rpc.received(reply("00000001", "00000000"));
  expect(await call).toEqual({
    ok: false,
    why: { kind: "lost", reason: expect.stringMatching(/^libvirt sent/) },
  });
  expect([ended.length, ended[0], events.length]).toEqual([2, "closed", events.length]);
  expect(await rpc.call(66, nothing, number)).toEqual({
    ok: false,
    why: { kind: "lost", reason: rpc.ended as string },
  });
});

test("Rpc reports silence, keeps the connection, and sends no calls until something arrives", async () => {
  const { rpc, ended, written } = open(20);
  const silent = { ok: false as const, why: { kind: "silent" as const } };
  expect(await Promise.all([rpc.call(66, nothing, number), rpc.call(66, nothing, number)])).toEqual([
    silent,
    silent,
  ]);
  expect(await rpc.call(66, nothing, number)).toEqual(silent);
  expect([ended, written.length]).toEqual([["silent"], 2]);
  rpc.ping();
  expect(written[2]).toEqual(hex("0000001c 6b656570 00000001 00000001 00000002 00000000 00000000"));
  rpc.received(reply("00000001", "00000000"));
  expect([ended, rpc.stuck]).toEqual([["silent", "answers"], 1]);
  const call = rpc.call(66, nothing, number);
  rpc.received(joined(reply("00000002", "00000000"), reply("00000003", "00000009")));
  expect(await call).toEqual({ ok: true, value: 9 });
  expect([ended, rpc.stuck]).toEqual([["silent", "answers"], 0]);
});

test("Rpc treats half a message as silence", async () => {
  const { rpc, ended } = open(20);
  const call = rpc.call(66, nothing, number);
  rpc.received(reply("00000001", "00000000").slice(0, 30));
  expect(await call).toMatchObject({ ok: false, why: { kind: "silent" } });
  expect(ended).toEqual(["silent"]);
});

test("Rpc gives up one slow call while others get replies, and counts it as under way until its reply comes", async () => {
  const { rpc, written, ended } = open(30);
  const slow = rpc.call(66, nothing, number);
  const quick = rpc.call(66, nothing, number);
  rpc.received(reply("00000002", "00000005"));
  expect(await quick).toEqual({ ok: true, value: 5 });
  expect(await slow).toEqual({ ok: false, why: { kind: "slow" } });
  expect(rpc.stuck).toBe(1);
  const more = Array.from({ length: 4 }, () => rpc.call(66, nothing, number));
  expect(written.length).toBe(5);
  rpc.received(reply("00000001", "00000000"));
  expect([rpc.stuck, written.length, ended]).toEqual([0, 6, []]);
  rpc.end("over");
  await Promise.all(more);
});

test("Rpc gives up a call that was never sent", async () => {
  const { rpc, written } = open(30);
  const calls = Array.from({ length: 5 }, () => rpc.call(66, nothing, number));
  rpc.received(hex("00000020 20008086 00000001 0000013e 00000002 00000001 00000000 00000000"));
  const why = { kind: "slow" as const };
  expect(await Promise.all(calls)).toEqual(calls.map(() => ({ ok: false, why })));
  expect([written.length, rpc.stuck]).toEqual([4, 4]);
});
