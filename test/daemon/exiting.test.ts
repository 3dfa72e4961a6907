import { afterEach, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RawClient, rawClient } from "../admin/raw-client.ts";
import { makeTestHost, type TestHost } from "./host.ts";
import { MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

interface EventMessage {
  readonly continues?: boolean;
  readonly parameters: {
    readonly event: { readonly kind: string; readonly exiting?: object };
    readonly lost: number;
  };
}

const message = (method: string, parameters: object, more = false) =>
  `${JSON.stringify({ method: `io.vmpower.Control.${method}`, parameters, ...(more ? { more } : {}) })}\0`;

/** A daemon that has set CPU 2, with a subscriber that does not read and has more waiting events than allowed. */
async function withBacklog(env: Readonly<Record<string, string>> = {}): Promise<RawClient> {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n", env });
  const port = host.port("web1", 0);
  await host.start();
  await port.ready();
  await port.ask(scale(0, MIN), 464);
  const socket = join(host.directory, "run/control.sock");
  const subscriber = await rawClient(socket);
  subscriber.stopReading();
  subscriber.send(message("Subscribe", {}, true));
  const operator = await rawClient(socket);
  const order = message("SetCpuFreq", { cpus: [0, 1, 3, 4, 5], to: "max", hold: false });
  for (let sent = 0; sent < 900; sent += 50) {
    operator.send(order.repeat(50));
    await operator.replies(50);
  }
  operator.leave();
  return subscriber;
}

/** Every message that a client gets until its connection ends. */
async function messagesOf(client: RawClient): Promise<EventMessage[]> {
  client.readOn();
  const text = await client.closed();
  expect(text.endsWith("\0")).toBe(true);
  return text
    .slice(0, -1)
    .split("\0")
    .map((part) => JSON.parse(part) as EventMessage);
}

/** The messages are valid, some events were lost, and the last one is the daemon's end. */
function expectEnd(messages: readonly EventMessage[], exiting: object): void {
  const lost = messages.reduce((sum, { parameters }) => sum + parameters.lost, 0);
  expect(lost).toBeGreaterThan(0);
  expect(messages.findIndex(({ continues }) => continues !== true)).toBe(messages.length - 1);
  expect(messages.length + lost).toBe(900 * 5 + 1);
  expect(messages.at(-1)?.parameters.event).toMatchObject({ kind: "exiting", exiting });
}

const RESTORED = { onExit: "restore", cpus: [0, 1, 2, 3, 4, 5], failed: [] };

test("a subscriber with a full backlog gets all waiting events, then the reason of the end", async () => {
  const subscriber = await withBacklog();
  host.signal("SIGTERM");
  await Bun.sleep(100);
  expectEnd(await messagesOf(subscriber), { reason: "stop", detail: "SIGTERM", ...RESTORED });
  expect([await host.end("SIGTERM"), host.tree.read(2, "scaling_governor")]).toEqual([0, "schedutil"]);
}, 20_000);

test("a subscriber with a full backlog also gets them when an internal fault ends the daemon", async () => {
  // Bun's compiled programs obey BUN_OPTIONS, which is why the unit passes on no environment.
  const planted = join(tmpdir(), `vm-power-fault-${process.pid}.ts`);
  writeFileSync(planted, 'process.on("SIGUSR1", () => setTimeout(() => { throw new Error("planted"); }));');
  const subscriber = await withBacklog({ BUN_OPTIONS: `--preload=${planted}` });
  rmSync(planted);
  host.signal("SIGUSR1");
  await until(() => host.log().includes("planted"));
  expectEnd(await messagesOf(subscriber), { reason: "fault", ...RESTORED });
  expect([await host.end("SIGTERM"), host.tree.read(2, "scaling_governor")]).toEqual([1, "schedutil"]);
}, 20_000);

test("a subscriber that never reads delays the end for a bounded time only", async () => {
  const subscriber = await withBacklog();
  const beganMs = performance.now();
  expect(await host.end("SIGTERM")).toBe(0);
  expect(performance.now() - beganMs).toBeLessThan(5000);
  subscriber.leave();
}, 20_000);

test("a daemon that is stopped during its start leaves nothing behind", async () => {
  host = makeTestHost({ sections: "[vm web1]\nVcpus=2\n[hypervisor]\nDriver=libvirt\nSocket=/nowhere\n" });
  await host.start();
  host.run("vmpowerctl", "set-cpu-freq", "0-3", "min", "--hold"); // every start sets it again
  await host.end("SIGTERM");
  for (let round = 0; round < 8; round++) {
    const starting = Bun.spawn([join(import.meta.dir, "../../dist/vm-power"), "--config", host.configFile], {
      stderr: "ignore",
    });
    await until(() => host.tree.read(2, "scaling_setspeed") === "1200000");
    await Bun.sleep(round * 10);
    starting.kill("SIGTERM");
    expect([await starting.exited, host.tree.read(2, "scaling_governor")]).toEqual([0, "schedutil"]);
  }
}, 20_000);

test("a failed start leaves nothing behind, and ends", async () => {
  host = makeTestHost();
  host.configure("[daemon]\nStateDirectory=/proc/nope\n");
  const { code, err } = host.run("vm-power", "--config", host.configFile);
  expect([
    code,
    err.includes("Cannot start: "),
    existsSync(join(host.directory, "run/control.sock")),
  ]).toEqual([1, true, false]);
});
