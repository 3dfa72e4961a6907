import { afterEach, expect, test } from "bun:test";
import fc from "fast-check";
import type { Caller } from "../../src/admin/caller.ts";
import { LIMITS, type Limits } from "../../src/admin/limits.ts";
import { eventually, type Served, serve } from "./harness.ts";
import { type RawClient, rawClient } from "./raw-client.ts";
import { CHANNELS, sampleControl } from "./sample-control.ts";

const STATUS = '{"method":"io.vmpower.Control.GetStatus"}\0';
const SUBSCRIBE = '{"method":"io.vmpower.Control.Subscribe","more":true}\0';

let served: Served;
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  await served.close();
});

async function start(limits: Partial<Limits> = {}, peerOf?: (fd: number) => Caller | undefined) {
  served = await serve(sampleControl(), { limits, ...(peerOf && { peerOf }) });
}

async function join(): Promise<RawClient> {
  const client = await rawClient(served.path);
  clients.push(client);
  return client;
}

/** The service continues: another client gets a quick reply. */
async function expectService(): Promise<void> {
  const other = await join();
  const startMs = performance.now();
  other.send(STATUS);
  expect(await other.replies(1)).toMatchObject([{ parameters: { pid: 4711 } }]);
  expect(performance.now() - startMs).toBeLessThan(1_000);
  other.leave();
}

test("arbitrary bytes end at most the connection that they came over", async () => {
  await start();
  const calls = fc.constantFrom(STATUS, SUBSCRIBE, "{}\0", "\0", "[[[[", '{"method":"', "\\", '"', "\0\0");
  const stream = fc.array(fc.oneof(calls, fc.string({ unit: "binary" })), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(stream, async (parts) => {
      const client = await join();
      for (const part of parts) client.send(part);
      await expectService();
      client.leave();
    }),
    { numRuns: 150 },
  );
  expect(served.lines.filter((line) => !line.startsWith("info: Closing"))).toEqual([]);
});

test("bytes that are not varlink end their connection, after the calls before them were answered", async () => {
  await start();
  for (const garbage of ["GET / HTTP/1.1\r\n\r\n\0", "\0", "[1]\0", `${"[".repeat(2_000)}\0`]) {
    const client = await join();
    client.send(STATUS + garbage + STATUS);
    expect((await client.closed()).split("\0").length).toBe(2);
  }
  await expectService();
  expect(served.lines[0]).toBe(
    "info: Closing the control connection of uid 1000, pid 77: it sent something that is not a varlink call: not JSON",
  );
});

test("a client that is disconnected again and again does not fill the log", async () => {
  await start();
  for (let i = 0; i < 20; i++) {
    const client = await join();
    client.send("garbage\0");
    await client.closed();
  }
  expect(served.lines.length).toBe(5);
});

test("a message that is too long ends its connection", async () => {
  await start();
  const client = await join();
  client.send("x".repeat(65 * 1024));
  await client.closed();
  await expectService();
});

test("a client that takes too long for one message is disconnected, even if it sends a byte now and then", async () => {
  await start({ messageMs: 150 });
  const client = await join();
  const startMs = performance.now();
  const drip = setInterval(() => client.send("{"), 20);
  await client.closed();
  clearInterval(drip);
  expect(performance.now() - startMs).toBeWithin(100, 3_000);
  expect(served.lines).toEqual([
    "info: Closing the control connection of uid 1000, pid 77: it began a message and did not end it",
  ]);
});

test("a client that sends byte by byte gets a reply, if it is quick enough", async () => {
  await start({ messageMs: 2_000 });
  const client = await join();
  for (const byte of STATUS) {
    client.send(byte);
    await Bun.sleep(0);
  }
  expect(await client.replies(1)).toMatchObject([{ parameters: { pid: 4711 } }]);
});

test("an idle client is disconnected, a subscriber is not", async () => {
  await start({ idleMs: 100 });
  const silent = await join();
  const subscriber = await join();
  subscriber.send(SUBSCRIBE);
  await silent.closed();
  await Bun.sleep(150);
  expect(served.lines).toEqual([
    "info: Closing the control connection of uid 1000, pid 77: it did not call for long",
  ]);
});

test("a client that calls and never reads replies is not read any more, and then disconnected", async () => {
  let calls = 0;
  served = await serve(
    sampleControl({
      ListChannels: () => {
        calls++;
        return { channels: Array.from({ length: 100 }, () => CHANNELS[0] as (typeof CHANNELS)[0]) };
      },
    }),
    { limits: { stallMs: 200 } },
  );
  const client = await join();
  client.stopReading();
  client.send('{"method":"io.vmpower.Control.ListChannels"}\0'.repeat(20_000));
  await eventually(() => calls > 0);
  await expectService();
  await eventually(() => served.lines.length > 0);
  expect(served.lines).toEqual([
    "info: Closing the control connection of uid 1000, pid 77: it does not read its replies",
  ]);
  // 100 channels are 30 kB: a few in the kernel's buffer, a few in ours.
  expect(calls).toBeLessThan(100);
});

test("a client that keeps sending calls while it is subscribed is disconnected", async () => {
  await start({ pipelinedBytes: 10_000 });
  const client = await join();
  client.send(SUBSCRIBE);
  client.send(STATUS.repeat(1_000));
  await client.closed();
  await expectService();
});

test("calls of other clients are served between those of one client", async () => {
  const control = sampleControl();
  let calls = 0;
  let callsBefore: number | undefined;
  served = await serve({
    ...control,
    GetStatus(...args) {
      if (calls++ === 0) other.send('{"method":"io.vmpower.Control.ListChannels"}\0');
      return control.GetStatus(...args);
    },
    ListChannels(...args) {
      callsBefore = calls;
      return control.ListChannels(...args);
    },
  });
  const [greedy, other] = [await join(), await join()];
  greedy.send(STATUS.repeat(5_000));
  await other.replies(1);
  expect(callsBefore).toBeLessThan(100);
  expect((await greedy.replies(5_000)).length).toBe(5_000);
});

test("calls of other clients are served between those of many clients", async () => {
  const control = sampleControl();
  let most = 0;
  let calls = 0;
  served = await serve({
    ...control,
    GetStatus(...args) {
      // The end of the session is logged after the next turn, because that turn was requested before.
      if (calls++ === 0)
        setImmediate(() => {
          most = Math.max(most, calls);
          calls = 0;
        });
      return control.GetStatus(...args);
    },
  });
  const greedy = await Promise.all(Array.from({ length: 10 }, join));
  for (const client of greedy) client.send(STATUS.repeat(500));
  for (const client of greedy) expect((await client.replies(500)).length).toBe(500);
  expect(most).toBeWithin(LIMITS.callsPerTurn, 2 * LIMITS.callsPerTurn + 1);
});

test("the number of clients is limited, in total and for each user; further clients get an error", async () => {
  let uid = 1000;
  await start({ clients: 6, clientsPerUid: 3 }, () => ({ uid, gid: 100, pid: 1 }));
  const refusedWith = async () => {
    const client = await join();
    client.send(STATUS);
    const [reply] = (await client.replies(1)) as { error?: string; parameters: { reason?: string } }[];
    return reply?.parameters.reason;
  };
  expect([await refusedWith(), await refusedWith(), await refusedWith()]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await refusedWith()).toBe("There are 3 clients of uid 1000 already");
  uid = 0;
  expect([await refusedWith(), await refusedWith(), await refusedWith()]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await refusedWith()).toBe("There are 6 clients already");
  clients[0]?.leave();
  await Bun.sleep(20);
  expect(await refusedWith()).toBeUndefined();
});
