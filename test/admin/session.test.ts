import { expect, test } from "bun:test";
import fc from "fast-check";
import { createCallTurns } from "../../src/admin/call-turns.ts";
import type { Subscriber } from "../../src/admin/control.ts";
import { nextTurn, open } from "./session-bench.ts";

/** Feeds chunks to a session; returns what was written, and which calls reached the daemon. */
async function run(
  chunks: Iterable<Uint8Array>,
): Promise<{ written: string; calls: string[]; log: string[] }> {
  const calls: string[] = [];
  const bench = open(
    {
      AddVm: ({ vm }) => {
        calls.push(`add ${vm}`);
        return {};
      },
      RemoveVm: async ({ vm }) => {
        calls.push(`remove ${vm}`);
        return {};
      },
    },
    { callsPerTurn: 3 },
  );
  for (const chunk of chunks) bench.session.received(chunk);
  bench.session.inputEnded();
  for (let turn = 0; !bench.closed && turn < 100; turn++) await nextTurn();
  expect(bench.closed).toBe(true);
  bench.session.closed();
  return { written: bench.written, calls, log: bench.log };
}

const message = fc.oneof(
  fc.constantFrom(
    '{"method":"io.vmpower.Control.AddVm","parameters":{"vm":"a"}}',
    '{"method":"io.vmpower.Control.AddVm","parameters":{"vm":"b"},"oneway":true}',
    '{"method":"io.vmpower.Control.RemoveVm","parameters":{"vm":"c"}}',
    '{"method":"io.vmpower.Control.RemoveVm","parameters":{"vm":"d"},"oneway":true}',
    '{"method":"io.vmpower.Control.ShowVm","parameters":{"vm":"é日"}}',
    '{"method":"a.b.C"}',
    "{}",
  ),
  fc.constantFrom("", "garbage", "[]"),
);

test("Session makes the same calls and replies however the stream is cut", async () => {
  const stream = fc
    .array(message, { maxLength: 12 })
    .map((parts) => Buffer.from(parts.map((part) => `${part}\0`).join("")));
  await fc.assert(
    fc.asyncProperty(stream, fc.array(fc.nat(), { maxLength: 20 }), async (bytes, cuts) => {
      const places = [
        0,
        ...cuts.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
        bytes.length,
      ];
      const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
      expect(await run(chunks)).toEqual(await run([bytes]));
    }),
  );
});

test("Session makes the same calls and replies for every single cut of a stream", async () => {
  const bytes = Buffer.from(
    '{"method":"io.vmpower.Control.AddVm","parameters":{"vm":"a"}}\0' +
      '{"method":"io.vmpower.Control.RemoveVm","parameters":{"vm":"é"}}\0' +
      '{"method":"io.vmpower.Control.Nonsense"}\0',
  );
  const whole = await run([bytes]);
  expect(whole.written).toBe(
    '{"parameters":{"schemaVersion":1}}\0{"parameters":{"schemaVersion":1}}\0' +
      '{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.vmpower.Control.Nonsense"}}\0',
  );
  for (let place = 0; place <= bytes.length; place++) {
    expect(await run([bytes.subarray(0, place), bytes.subarray(place)])).toEqual(whole);
  }
});

test("The number of calls in one turn is limited for all sessions together, and each session gets its turn", async () => {
  const calls: string[] = [];
  const AddVm = ({ vm }: { vm: string }) => {
    calls.push(vm);
    return {};
  };
  const turns = createCallTurns(3);
  const call = (vm: string) =>
    Buffer.from(`{"method":"io.vmpower.Control.AddVm","parameters":{"vm":"${vm}"},"oneway":true}\0`);
  const [a, b, c] = [1, 2, 3].map(() => open({ AddVm }, {}, turns).session);
  a?.received(Buffer.concat(Array(8).fill(call("a"))));
  b?.received(Buffer.concat(Array(4).fill(call("b"))));
  const seen = [calls.splice(0).join("")];
  for (let turn = 0; turn < 6; turn++) {
    await nextTurn();
    seen.push(calls.splice(0).join(""));
    if (turn === 0) c?.received(call("c"));
  }
  expect(seen).toEqual(["aaa", "aaa", "bbb", "aac", "b", "", ""]);
});

const SUBSCRIBE = '{"method":"io.vmpower.Control.Subscribe","more":true}\0';

test("Session counts the events that a subscriber loses between two replies, and reports them once", async () => {
  let subscriber: Subscriber | undefined;
  const bench = open(
    {
      Subscribe(_parameters, _caller, given) {
        subscriber = given;
        return () => {};
      },
    },
    { queuedBytes: 1 },
  );
  bench.session.received(Buffer.from(SUBSCRIBE));
  const send = async (message: string, room: number) => {
    bench.room = room;
    bench.session.drained();
    subscriber?.send({ atMs: 1, kind: "vm", message });
    await nextTurn();
  };
  // One event waits; events that arrive meanwhile are lost.
  for (const [message, room] of [
    ["a", 0],
    ["b", 0],
    ["c", 0],
    ["d", 1_000],
    ["e", 0],
    ["f", 0],
    ["g", 1_000],
  ] as const) {
    await send(message, room);
  }
  const replies = bench.written
    .split("\0")
    .slice(0, -1)
    .map((text) => JSON.parse(text).parameters);
  expect(replies.map(({ event, lost }) => [event.message, lost])).toEqual([
    ["a", 0],
    ["d", 2],
    ["e", 0],
    ["g", 1],
  ]);
  bench.session.closed();
});

test("Session ends a subscription once when its connection breaks", () => {
  let ended = 0;
  const { session } = open({ Subscribe: () => () => ended++ });
  session.received(Buffer.from(SUBSCRIBE));
  session.closed();
  session.closed();
  expect(ended).toBe(1);
});
