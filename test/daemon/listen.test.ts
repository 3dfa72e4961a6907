import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Listener, listenAtPace } from "../../src/daemon/operators/listen.ts";
import { makeTestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let directory: string;
let unix: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-listen-"));
  unix = join(directory, "socket");
});
afterEach(() => rmSync(directory, { recursive: true }));

const GREETING = "hello";

/** Connects before any connection is accepted; returns how many were greeted, and how many were closed. */
function crowd(count: number) {
  const seen = { greeted: 0, closed: 0 };
  const socket = { data: () => void seen.greeted++, close: () => void seen.closed++ };
  const clients = Array.from({ length: count }, () => Bun.connect({ unix, socket }));
  return { seen, clients };
}

describe("listenAtPace()", () => {
  /** The number of accepted connections in each turn of the event loop that had any. */
  let turns: number[] = [];
  let taken = 0;
  const socket = {
    open(client: Bun.Socket<undefined>) {
      if (taken++ === 0)
        setImmediate(() => {
          turns.push(taken);
          taken = 0;
        });
      client.write(GREETING);
    },
    data() {},
  };
  beforeEach(() => {
    turns = [];
  });
  const start = (connections: number): Listener =>
    listenAtPace({ connections, restMs: 0 })({ unix, socket } as { socket: typeof socket });

  test("accepts a limited number of connections in one turn, and all of them in the end", async () => {
    const listener = start(8);
    const { seen, clients } = crowd(100);
    await until(() => seen.greeted === 100);
    expect(turns.slice(0, 12)).toEqual(Array(12).fill(8));
    listener.stop();
    for (const client of clients) (await client).terminate();
  });

  test("the runtime alone accepts all of them in one turn", async () => {
    const listener = Bun.listen({ unix, socket });
    const { seen, clients } = crowd(100);
    await until(() => seen.greeted === 100);
    expect(turns).toEqual([100]);
    listener.stop();
    for (const client of clients) (await client).terminate();
  });

  test("can be stopped while it pauses, and keeps accepted connections", async () => {
    const open = (client: Bun.Socket<undefined>) => {
      listener.stop();
      client.write(GREETING);
    };
    const listener: Listener = listenAtPace({ connections: 1, restMs: 0 })({
      unix,
      socket: { open, data() {} },
    } as {
      socket: { data(): void };
    });
    const { seen, clients } = crowd(2);
    // The other client was still in the queue.
    await until(() => seen.greeted === 1 && seen.closed === 1);
    await expect(Bun.connect({ unix, socket })).rejects.toThrow();
    for (const client of clients) (await client).terminate();
  });
});

test("many clients of the monitor socket are accepted a few at a time, and a guest is served between them", async () => {
  const host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n" });
  try {
    const port = host.port("web1", 0);
    await host.start();
    await port.ready();
    unix = join(host.directory, "run/monitor.sock");
    host.signal("SIGSTOP");
    const { seen, clients } = crowd(48);
    for (const client of clients) (await client).write('{"method":"io.vmpower.Monitor.GetStatus"}\0');
    const beganMs = performance.now();
    host.signal("SIGCONT");
    expect(await port.ask(scale(0, MIN), 464)).toEqual(scale(0, MIN));
    await until(() => seen.greeted === 48);
    // Eleven pauses of 5 ms, however fast the machine is.
    expect(performance.now() - beganMs).toBeGreaterThan(11 * 5);
    for (const client of clients) (await client).terminate();
  } finally {
    await host.remove();
  }
});
