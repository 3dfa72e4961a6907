import { afterEach, expect, test } from "bun:test";
import { ControlError } from "../../src/admin/control.ts";
import type { Event } from "../../src/admin/control-types.ts";
import { eventually, type Served, serve } from "./harness.ts";
import { type RawClient, rawClient } from "./raw-client.ts";
import { CHANNELS, sampleControl } from "./sample-control.ts";

const SUBSCRIBE = '{"method":"io.vmpower.Control.Subscribe","more":true}\0';
const STATUS = '{"method":"io.vmpower.Control.GetStatus"}\0';

let served: Served | undefined;
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  await served?.close();
});

async function subscribed(control: ReturnType<typeof sampleControl>, limits = {}): Promise<RawClient> {
  served ??= await serve(control, { limits });
  const client = await rawClient(served.path);
  clients.push(client);
  const before = control.subscribers.size;
  client.send(SUBSCRIBE);
  await eventually(() => control.subscribers.size > before);
  return client;
}

afterEach(() => {
  served = undefined;
});

function event(message: string): Event {
  return { atMs: 5, kind: "vm", message };
}

test("a subscriber receives events as they come, and the last one as the last reply", async () => {
  const control = sampleControl();
  const client = await subscribed(control);
  const [subscriber] = control.subscribers;
  subscriber?.send(event("one"));
  expect(await client.replies(1)).toEqual([
    { parameters: { schemaVersion: 1, event: event("one"), lost: 0 }, continues: true },
  ]);
  subscriber?.send(event("two"));
  subscriber?.end(event("over"));
  subscriber?.send(event("too late"));
  subscriber?.end(event("too late"));
  expect(await client.replies(2)).toEqual([
    { parameters: { schemaVersion: 1, event: event("two"), lost: 0 }, continues: true },
    { parameters: { schemaVersion: 1, event: event("over"), lost: 0 } },
  ]);
  expect(control.subscribers.size).toBe(0);
  // Nothing arrived late: the next reply is that of the next call.
  client.send(STATUS);
  expect(await client.replies(1)).toMatchObject([{ parameters: { pid: 4711 } }]);
});

test("calls behind a subscription are answered when it has ended", async () => {
  const control = sampleControl();
  const client = await subscribed(control);
  client.send(STATUS);
  await Bun.sleep(20);
  const [subscriber] = control.subscribers;
  subscriber?.end(event("over"));
  const [last, status] = (await client.replies(2)) as { parameters: object }[];
  expect(last).toEqual({ parameters: { schemaVersion: 1, event: event("over"), lost: 0 } });
  expect(status?.parameters).toMatchObject({ pid: 4711 });
});

test("a subscriber that does not read loses events, learns how many, and still gets the last", async () => {
  const control = sampleControl();
  const slow = await subscribed(control, { queuedBytes: 10_000 });
  const quick = await subscribed(control);
  slow.stopReading();
  await Bun.sleep(10);
  const sent = 5_000;
  for (let i = 0; i < sent; i++) {
    for (const subscriber of control.subscribers) subscriber.send(event(`${i} ${"x".repeat(100)}`));
    // The quick one reads in between.
    if (i % 20 === 0) await Bun.sleep(0);
  }
  for (const subscriber of control.subscribers) subscriber.end(event("exiting"));
  const closing = served?.close();
  const quickReplies = (await quick.replies(sent + 1)) as { parameters: { lost: number } }[];
  expect(quickReplies.filter(({ parameters }) => parameters.lost > 0)).toEqual([]);

  slow.readOn();
  const slowText = await slow.closed();
  const slowReplies = slowText
    .split("\0")
    .slice(0, -1)
    .map((text) => JSON.parse(text).parameters as { event: Event; lost: number });
  const lost = slowReplies.reduce((sum, reply) => sum + reply.lost, 0);
  expect(lost).toBeGreaterThan(100);
  expect(slowReplies.length + lost).toBe(sent + 1);
  expect(slowReplies.at(-1)?.event).toEqual(event("exiting"));
  await closing;
});

test("a subscriber that disconnects is removed once", async () => {
  let ended = 0;
  const control = sampleControl();
  const { Subscribe } = control;
  const counting = {
    ...control,
    Subscribe: ((...given) => {
      const end = Subscribe(...given);
      return () => {
        ended++;
        if (typeof end === "function") end();
      };
    }) as typeof Subscribe,
  };
  const leaver = await subscribed(counting);
  const stayer = await subscribed(counting);
  leaver.leave();
  await eventually(() => ended === 1);
  for (const subscriber of control.subscribers) subscriber.send(event("still here"));
  await stayer.replies(1);
  await served?.close();
  expect([ended, control.subscribers.size]).toEqual([2, 0]);
});

test("a subscription can be refused, or end immediately", async () => {
  let ended = 0;
  const refusing = sampleControl({
    Subscribe: () => new ControlError("Refused", { reason: "enough" }),
  });
  served = await serve(refusing);
  const client = await rawClient(served.path);
  clients.push(client);
  client.send(SUBSCRIBE + STATUS);
  expect((await client.replies(2))[0]).toEqual({
    error: "io.vmpower.Control.Refused",
    parameters: { reason: "enough" },
  });
  await served.close();

  served = await serve(
    sampleControl({
      Subscribe(_parameters, _caller, subscriber) {
        subscriber.end(event("over"));
        return () => ended++;
      },
    }),
  );
  const other = await rawClient(served.path);
  clients.push(other);
  other.send(SUBSCRIBE + STATUS);
  expect((await other.replies(2))[0]).toEqual({
    parameters: { schemaVersion: 1, event: event("over"), lost: 0 },
  });
  expect(ended).toBe(1);
});

test("close() delivers replies under way and queued ones, and waits for a bounded time", async () => {
  const called: string[] = [];
  const channel = CHANNELS[0];
  const control = sampleControl({
    AddVm: ({ vm }) => {
      called.push(vm);
      return Bun.sleep(50).then(() => ({}));
    },
    // More than any socket buffer takes.
    ListChannels: () => {
      called.push("list");
      return { channels: channel === undefined ? [] : Array.from({ length: 20_000 }, () => channel) };
    },
  });
  served = await serve(control, { limits: { closeMs: 300 } });
  const waiting = await rawClient(served.path);
  const never = await rawClient(served.path);
  clients.push(waiting, never);
  never.stopReading();
  never.send('{"method":"io.vmpower.Control.ListChannels"}\0');
  await eventually(() => called.length === 1);
  waiting.send('{"method":"io.vmpower.Control.AddVm","parameters":{"vm":"x"}}\0');
  await eventually(() => called.length === 2);
  const startMs = performance.now();
  await served.server.close();
  const tookMs = performance.now() - startMs;
  expect(await waiting.replies(1)).toEqual([{ parameters: { schemaVersion: 1 } }]);
  expect(tookMs).toBeWithin(250, 2_000);
});
