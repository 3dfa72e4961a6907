import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ByteStream, connectUnix, type StreamSink } from "../../src/hypervisor/stream.ts";
import { until } from "./recorder.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-stream-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

const deaf = { data: () => {}, closed: () => {} };

test("connectUnix() returns the kernel's error code", async () => {
  writeFileSync(join(directory, "file"), "");
  const paths = ["none", "file", "x".repeat(200)].map((name) => join(directory, name));
  expect(await Promise.all(paths.map((path) => connectUnix(path, deaf)))).toEqual([
    { ok: false, why: "ENOENT" },
    { ok: false, why: "ECONNREFUSED" },
    { ok: false, why: "EINVAL" },
  ]);
});

async function connected(sink: StreamSink): Promise<ByteStream> {
  const stream = await connectUnix(join(directory, "sock"), sink);
  if (!stream.ok) throw new Error(stream.why);
  return stream.value;
}

test("connectUnix() queues bytes that the kernel does not accept, in order, up to a limit", async () => {
  let paused: Bun.Socket | undefined;
  const received: Uint8Array[] = [];
  const listener = Bun.listen({
    unix: join(directory, "sock"),
    socket: {
      open: (socket) => {
        paused = socket;
        socket.pause();
      },
      data: (_, bytes) => void received.push(new Uint8Array(bytes)),
    },
  });
  const stream = await connected(deaf);
  await until(() => paused !== undefined);
  const sent: Uint8Array[] = [];
  let taken = true;
  for (let i = 0; i < 400 && taken; i++) {
    const piece = new Uint8Array(10_000).fill(i);
    taken = stream.write(piece);
    if (taken) sent.push(piece);
  }
  // The kernel's buffer, and our queue of one MiB.
  expect([taken, sent.length > 105, sent.length < 300]).toEqual([false, true, true]);
  paused?.resume();
  const total = sent.length * 10_000;
  await until(() => received.reduce((sum, { length }) => sum + length, 0) === total);
  expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
  stream.close();
  listener.stop(true);
});

test("connectUnix() reports once that the other side closed, and nothing after close()", async () => {
  const told: string[] = [];
  const sockets: Bun.Socket[] = [];
  const listener = Bun.listen({
    unix: join(directory, "sock"),
    socket: { open: (socket) => void sockets.push(socket), data: () => {} },
  });
  const open = async (name: string): Promise<ByteStream> => {
    const sink = { data: () => {}, closed: () => void told.push(name) };
    return await connected(sink);
  };
  const [theirs, ours] = [await open("theirs"), await open("ours")];
  await until(() => sockets.length === 2);
  ours.close();
  sockets[0]?.end();
  await until(() => told.length > 0);
  await Bun.sleep(20);
  expect(told).toEqual(["theirs"]);
  expect(theirs.write(new Uint8Array(9))).toBe(true);
  listener.stop(true);
});
