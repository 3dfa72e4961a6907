import { afterAll, afterEach, expect, spyOn, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { ClientError, VarlinkError } from "../../src/admin/client-error.ts";
import { describe } from "../../src/admin/idl-parser.ts";
import { callOnce } from "../../src/admin/single-call.ts";

const description = describe("interface a.b\nmethod Ask(n: int) -> (answer: int)");
const dir = mkdtempSync(`${tmpdir()}/vm-power-single-call-`);
let server: Server | undefined;
afterEach(() => void server?.close());
afterAll(() => rmSync(dir, { recursive: true }));

let count = 0;
/** Calls a program that does this with what it receives. Returns the answer or the failure, and what was received. */
async function call(
  answer: (socket: Socket, message: string) => void,
  {
    timeoutMs = 2000,
    signal,
    name = "Ask",
  }: { timeoutMs?: number; signal?: AbortSignal; name?: string } = {},
) {
  const path = `${dir}/${++count}`;
  const received: string[] = [];
  const ended = Promise.withResolvers<void>();
  server?.close();
  server = createServer((socket) => {
    socket.on("data", (bytes) => {
      received.push(bytes.toString());
      answer(socket, bytes.toString());
    });
    socket.on("error", () => {});
    socket.on("close", () => ended.resolve());
  });
  await new Promise<void>((done) => server?.listen(path, done));
  const options = { parameters: { n: 1 }, timeoutMs, ...(signal && { signal }) };
  const result = await callOnce(path, { description, name }, options).catch((error: unknown) => {
    if (error instanceof ClientError) return [error.failure, error.message.replace(path, "PATH")];
    if (error instanceof VarlinkError) return [error.error, error.parameters];
    return error;
  });
  await ended.promise;
  return { result, received };
}

const replies = (text: string) => (socket: Socket) => void socket.write(`${text}\0`);

test("callOnce() makes one call, and leaves with the answer", async () => {
  expect(await call(replies('{"parameters":{"answer":42,"newer":1}}'))).toEqual({
    result: { answer: 42, newer: 1 },
    received: ['{"method":"a.b.Ask","parameters":{"n":1}}\0'],
  });
});

test("callOnce() leaves no timer and no listener behind", async () => {
  const { signal } = new AbortController();
  const [set, cleared] = [spyOn(globalThis, "setTimeout"), spyOn(globalThis, "clearTimeout")];
  const removed = spyOn(signal, "removeEventListener");
  await call(replies('{"parameters":{"answer":42}}'), { signal, timeoutMs: 12_345 });
  const own = set.mock.results[set.mock.calls.findIndex(([, ms]) => ms === 12_345)];
  expect(cleared.mock.calls.some(([timer]) => timer === own?.value)).toBe(true);
  expect(removed.mock.calls.length).toBe(1);
  for (const spy of [set, cleared]) spy.mockRestore();
});

test("callOnce() waits for the whole answer, of up to a megabyte", async () => {
  const text = (size: number) => {
    const body = (fill: string) => `{"parameters":{"answer":1,"fill":"${fill}"}}`;
    return body("x".repeat(size - body("").length));
  };
  const inParts = (size: number) => (socket: Socket) => {
    socket.write(text(size).slice(0, 100));
    setTimeout(() => socket.write(`${text(size).slice(100)}\0`), 5);
  };
  expect((await call(inParts(1024 * 1024))).result).toMatchObject({ answer: 1 });
  expect((await call(inParts(1024 * 1024 + 1))).result).toEqual([
    "notUnderstood",
    'The program at "PATH" does not speak varlink',
  ]);
});

test("callOnce() tells a refusal from what is no answer", async () => {
  expect([
    (await call(replies('{"error":"a.b.No","parameters":{"why":"x"}}'))).result,
    (await call(replies('{"error":"a.b.No"}'))).result,
    (await call(replies('{"parameters":{"answer":"42"}}'))).result,
    (await call(replies("{}"))).result,
    (await call(replies("HTTP/1.1 400"))).result,
  ]).toEqual([
    ["a.b.No", { why: "x" }],
    ["a.b.No", {}],
    ["notUnderstood", "Ask answered something else"],
    ["notUnderstood", "Ask answered something else"],
    ["notUnderstood", 'The program at "PATH" does not speak varlink'],
  ]);
});

test("callOnce() ends with the connection, with its time, or when it is given up", async () => {
  const given = new AbortController();
  expect([
    (await call((socket) => void socket.end())).result,
    (await call(() => {}, { timeoutMs: 50 })).result,
    (await call(() => given.abort(), { signal: given.signal })).result,
  ]).toEqual([
    ["disconnected", "vm-power closed the connection"],
    ["timeout", "vm-power did not answer within 0.05 s"],
    ["disconnected", "The call was given up"],
  ]);
});
