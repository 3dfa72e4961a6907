import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { type ControlClient, connectControl, type EventReply } from "../../src/admin/client.ts";
import { eventually, serve } from "./harness.ts";
import { STATUS, sampleControl } from "./sample-control.ts";

let dir: string;
let path: string;
let server: Server | undefined;
let client: ControlClient | undefined;
let heard: string;

beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/vm-power-client-`);
  path = `${dir}/control.sock`;
  heard = "";
});

afterEach(() => {
  client?.close();
  client = undefined;
  server?.close();
  server = undefined;
  rmSync(dir, { recursive: true });
});

/** A daemon that replies to each message with the next of these texts, and with nothing when there are no more. */
async function answering(...answers: readonly (string | "CLOSE")[]): Promise<ControlClient> {
  const left = [...answers];
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      heard += bytes.toString();
      for (let calls = bytes.toString().split("\0").length - 1; calls > 0; calls--) {
        const answer = left.shift();
        if (answer === "CLOSE") socket.destroy();
        else if (answer !== undefined) socket.write(answer);
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  client = await connectControl(path, { timeoutMs: 200 });
  return client;
}

/** The error of a promise, as plain values. */
async function failure(promise: Promise<unknown>): Promise<object> {
  try {
    await promise;
  } catch (error) {
    const { name, message, failure, code, error: varlink, parameters } = error as Record<string, unknown>;
    return name === "VarlinkError" ? { varlink, parameters } : { failure, code, message };
  }
  throw new Error("Did not fail");
}

test("connectControl() reports why no daemon can be reached", async () => {
  expect(await failure(connectControl(path, { timeoutMs: 200 }))).toEqual({
    failure: "notRunning",
    code: "ENOENT",
    message: `No socket at "${path}"`,
  });
  await Bun.write(path, "");
  expect(await failure(connectControl(path, { timeoutMs: 200 }))).toEqual({
    failure: "notRunning",
    code: "ECONNREFUSED",
    message: `Nobody listens at "${path}"`,
  });
});

test("connectControl() reports a lack of permission", async () => {
  const served = await serve();
  chmodSync(served.path, 0o600);
  chmodSync(served.dir, 0o755);
  const script = `
    import { connectControl } from ${JSON.stringify(`${import.meta.dir}/../../src/admin/client.ts`)};
    if (process.getuid() === 0) process.setuid(65534);
    await connectControl(${JSON.stringify(served.path)}, { timeoutMs: 200 }).catch((error) => console.log(error.failure, error.code));
  `;
  if (process.getuid?.() === 0) {
    const run = Bun.spawnSync([process.execPath, "-e", script]);
    // Skipped if another user may not read the sources.
    const said = run.stdout.toString().trim();
    expect(said === "" ? run.stderr.toString() : said).toMatch(/^noPermission EACCES$|Cannot find|EACCES/);
  }
  await served.close();
});

test("call() sends a varlink call and returns the reply", async () => {
  const reply = { parameters: { schemaVersion: 1, ...STATUS } };
  const connected = await answering(`${JSON.stringify(reply)}\0`);
  expect(await connected.call("GetStatus", {})).toEqual({ schemaVersion: 1, ...STATUS });
  expect(heard).toBe('{"method":"io.vmpower.Control.GetStatus","parameters":{}}\0');
});

test("call() assigns replies to calls in order, however the stream is cut", async () => {
  const connected = await answering("", "", '{"parameters":{"schemaVersion":1}}\0{"error":"a.b.C"}\0{"param');
  const first = connected.call("AddVm", { vm: "a" });
  const second = failure(connected.call("AddVm", { vm: "b" }));
  const third = connected.call("AddVm", { vm: "c" });
  const cut = connected.call("AddVm", { vm: "d" }).catch(() => {});
  expect(await first).toEqual({ schemaVersion: 1 });
  expect(await second).toEqual({ varlink: "a.b.C", parameters: {} });
  expect(await failure(third)).toMatchObject({ failure: "timeout" });
  await cut;
});

test("call() accepts members that a newer daemon added", async () => {
  const newer = { ...STATUS, mood: "fine", hypervisor: { ...STATUS.hypervisor, state: "hibernating" } };
  const connected = await answering(`${JSON.stringify({ parameters: { schemaVersion: 2, ...newer } })}\0`);
  expect(await connected.call("GetStatus", {})).toEqual({ schemaVersion: 2, ...newer } as never);
});

test("call() distinguishes its failures", async () => {
  const call = async (answer: string) => failure((await answering(answer)).call("GetStatus", {}));
  const close = async <T>(result: T) => {
    client?.close();
    server?.close();
    await eventually(() => server?.listening !== true);
    return result;
  };
  expect(await close(await call('{"error":"x.y.Z","parameters":{"a":1}}\0'))).toEqual({
    varlink: "x.y.Z",
    parameters: { a: 1 },
  });
  expect(await close(await call('{"parameters":{"schemaVersion":1}}\0'))).toEqual({
    failure: "notUnderstood",
    code: undefined,
    message: "GetStatus answered version, which is not string",
  });
  expect(await close(await call("HTTP/1.1 400 Bad Request\r\n\0"))).toEqual({
    failure: "notUnderstood",
    code: undefined,
    message: `The program at "${path}" does not speak varlink`,
  });
  expect(await close(await call("CLOSE"))).toEqual({
    failure: "disconnected",
    code: undefined,
    message: "vm-power closed the connection",
  });
  expect(await close(await call("no end"))).toEqual({
    failure: "timeout",
    code: undefined,
    message: "vm-power did not answer within 0.2 s",
  });
  expect(await failure((client as ControlClient).call("GetStatus", {}))).toMatchObject({
    failure: "timeout",
  });
});

test("subscribe() passes events on until the last reply, until the connection ends, or until it is stopped", async () => {
  const event = (message: string) => ({ schemaVersion: 1, event: { atMs: 1, kind: "vm", message }, lost: 0 });
  const reply = (message: string, more: boolean) =>
    `${JSON.stringify({ parameters: event(message), ...(more && { continues: true }) })}\0`;
  const events: EventReply[] = [];
  let connected = await answering(reply("one", true) + reply("two", false));
  expect(await connected.subscribe((each) => events.push(each))).toBe(true);
  expect(events).toEqual([event("one"), event("two")] as EventReply[]);
  expect(heard).toBe('{"method":"io.vmpower.Control.Subscribe","parameters":{},"more":true}\0');
  server?.close();
  await eventually(() => !server?.listening);

  connected = await answering("CLOSE");
  expect(await connected.subscribe(() => {})).toBe(false);
  server?.close();
  await eventually(() => !server?.listening);

  connected = await answering(reply("one", true));
  const stop = new AbortController();
  expect(await connected.subscribe(() => stop.abort(), { signal: stop.signal })).toBe(false);
  expect(await connected.subscribe(() => {}, { signal: stop.signal })).toBe(false);
});

test("our client and our server understand each other", async () => {
  const control = sampleControl();
  const served = await serve(control);
  const connected = await connectControl(served.path, { timeoutMs: 2_000 });
  expect((await connected.call("ShowVm", { vm: "web.1" })).vm.name).toBe("web.1");
  expect(await failure(connected.call("ShowVm", { vm: "x" }))).toEqual({
    varlink: "io.vmpower.Control.NoSuchVm",
    parameters: { vm: "x" },
  });
  const messages: string[] = [];
  const over = connected.subscribe(({ event }) => messages.push(event.message));
  await eventually(() => control.subscribers.size === 1);
  for (const subscriber of control.subscribers)
    subscriber.end({ atMs: 1, kind: "daemon", message: "exiting" });
  expect([await over, messages]).toEqual([true, ["exiting"]]);
  connected.close();
  await served.close();
});
