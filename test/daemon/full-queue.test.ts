import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { Socket } from "bun";
import { makeTestHost, type TestHost } from "./host.ts";

let host: TestHost;
beforeEach(() => {
  host = makeTestHost();
});
afterEach(() => host.remove());

const VMPOWERCTL = join(import.meta.dir, "../../dist/vmpowerctl");

/** Connects until the kernel's queue is full. */
async function fill(unix: string): Promise<Socket[]> {
  const clients: Socket[] = [];
  for (;;) {
    try {
      clients.push(await Bun.connect({ unix, socket: { data() {} } }));
    } catch {
      return clients;
    }
  }
}

test("an operator waits if more clients connect at once than the kernel's queue holds", async () => {
  await host.start();
  host.signal("SIGSTOP");
  const socket = join(host.directory, "run/control.sock");
  const clients = await fill(socket);
  expect(clients.length).toBeGreaterThan(100);
  const operator = Bun.spawn([VMPOWERCTL, "--socket", socket, "status"], { stdout: "pipe", stderr: "pipe" });
  const ended = await Promise.race([operator.exited, Bun.sleep(200)]);
  expect(ended).toBeUndefined();
  for (const client of clients) client.terminate();
  host.signal("SIGCONT");
  const said = await new Response(operator.stdout).text();
  expect([await operator.exited, await new Response(operator.stderr).text()]).toEqual([0, ""]);
  expect(said).toContain("is running");
});
