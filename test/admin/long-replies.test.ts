import { expect, test } from "bun:test";
import { PIECE_LENGTH } from "../../src/admin/answer.ts";
import { CHANNELS, type sampleControl } from "./sample-control.ts";
import { nextTurn, open } from "./session-bench.ts";

/** A daemon with this many channels. */
function many(count: number): Parameters<typeof sampleControl>[0] {
  const [channel] = CHANNELS;
  if (channel === undefined) throw new Error("no sample");
  return {
    ListChannels: () => ({
      channels: Array.from({ length: count }, (_, number) => ({ ...channel, number })),
    }),
  };
}

const LIST = Buffer.from('{"method":"io.vmpower.Control.ListChannels"}\0');
const STATUS_CALL = Buffer.from('{"method":"io.vmpower.Control.GetStatus"}\0');

test("a long reply is written in one piece per turn, and later calls wait for it in order", async () => {
  const bench = open(many(2_000), { callsPerTurn: 1 });
  bench.session.received(Buffer.concat([LIST, STATUS_CALL]));
  let turns = 0;
  for (; bench.written.split("\0").length < 3; turns++) await nextTurn();
  const [list = "", status = ""] = bench.written.split("\0");
  expect(JSON.parse(list).parameters.channels).toHaveLength(2_000);
  expect(JSON.parse(status).parameters.pid).toBe(4711);
  expect(turns).toBeGreaterThanOrEqual(Math.floor(list.length / (2 * PIECE_LENGTH)));
  bench.session.closed();
});

test("a reply that exceeds the longest length is refused", async () => {
  const bench = open(many(2_000), { answerBytes: 100_000 });
  bench.session.received(LIST);
  while (!bench.written.endsWith("\0")) await nextTurn();
  expect(bench.written).toBe(
    '{"error":"io.vmpower.Control.Refused","parameters":{"reason":"The answer is too long",' +
      '"remedy":"name fewer CPUs or VMs in one call"}}\0',
  );
  bench.session.closed();
});

test("long replies are refused while too many bytes of other replies wait to be read", () => {
  const bench = open(many(2_000), { waitingBytes: 1_000 });
  bench.waitsElsewhere = 1_001;
  bench.session.received(Buffer.concat([LIST, STATUS_CALL]));
  const [list = "", status = ""] = bench.written.split("\0");
  expect(JSON.parse(list)).toEqual({
    error: "io.vmpower.Control.Refused",
    parameters: { reason: "Too many answers wait to be read", remedy: "try again in a moment" },
  });
  expect(JSON.parse(status).parameters.pid).toBe(4711);
  bench.session.closed();
});

test("a disconnected client ends the writing of its long reply", async () => {
  const bench = open(many(2_000));
  bench.session.received(LIST);
  bench.session.closed();
  for (let turn = 0; turn < 60; turn++) await nextTurn();
  expect(bench.written).toBe("");
});
