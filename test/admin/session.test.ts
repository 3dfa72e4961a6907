import { expect, test } from "bun:test";
import fc from "fast-check";
import { controlInterface } from "../../src/admin/control-interface.ts";
import { LIMITS } from "../../src/admin/limits.ts";
import { withService } from "../../src/admin/service-interface.ts";
import { openSession } from "../../src/admin/session.ts";
import { OPERATOR, recordingLog } from "./harness.ts";
import { sampleControl } from "./sample-control.ts";

/** Feeds chunks to a session whose socket takes everything; gives what was written, and what reached the daemon. */
async function run(
  chunks: Iterable<Uint8Array>,
): Promise<{ written: string; calls: string[]; log: string[] }> {
  const calls: string[] = [];
  const control = sampleControl({
    AddVm: ({ vm }) => {
      calls.push(`add ${vm}`);
      return {};
    },
    RemoveVm: async ({ vm }) => {
      calls.push(`remove ${vm}`);
      return {};
    },
  });
  const log = recordingLog();
  const product = { vendor: "v", product: "p", version: "1", url: "" };
  let written = "";
  let closed = false;
  const peer = {
    write(bytes: Uint8Array) {
      written += Buffer.from(bytes).toString();
      return bytes.length;
    },
    pause() {},
    resume() {},
    close() {
      closed = true;
    },
  };
  const session = openSession(peer, {
    caller: OPERATOR,
    interfaces: withService(product, [controlInterface(control, { log, callMs: 1_000 })]),
    limits: { ...LIMITS, callsPerTurn: 3 },
    log,
    onMutation: () => {},
  });
  for (const chunk of chunks) session.received(chunk);
  session.inputEnded();
  for (let turn = 0; !closed && turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(true);
  session.closed();
  return { written, calls, log: log.lines };
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
