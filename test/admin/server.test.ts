import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { type ControlServer, serveControl } from "../../src/admin/server.ts";
import { recordingLog } from "./harness.ts";
import { rawClient } from "./raw-client.ts";
import { sampleControl } from "./sample-control.ts";

let dir: string;
let path: string;
const servers: ControlServer[] = [];
const log = recordingLog();

beforeEach(() => {
  dir = mkdtempSync(`${tmpdir()}/vm-power-server-`);
  path = `${dir}/control.sock`;
  log.lines.length = 0;
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  rmSync(dir, { recursive: true });
});

async function serve({ gid }: { gid?: number } = {}): Promise<ControlServer> {
  const peerOf = () => ({ uid: 0, gid: 0, pid: 1 });
  const server = await serveControl({ path, control: sampleControl(), peerOf, log, version: "1", gid });
  servers.push(server);
  return server;
}

async function answers(): Promise<boolean> {
  const client = await rawClient(path);
  client.send('{"method":"io.vmpower.Control.GetStatus"}\0');
  const replies = await client.replies(1);
  client.leave();
  return replies.length === 1;
}

/** A socket file that nobody serves, as SIGKILL leaves it. */
function leaveStale(at: string): void {
  const script = `const l = Bun.listen({ unix: ${JSON.stringify(at)}, socket: { data() {} } }); process.kill(process.pid, 9)`;
  Bun.spawnSync([process.execPath, "-e", script]);
  expect(lstatSync(at).isSocket()).toBe(true);
}

test("serveControl() makes a socket for its owner and group, whatever the umask, and leaves the umask alone", async () => {
  for (const umask of [0o000, 0o022, 0o777]) {
    const before = process.umask(umask);
    try {
      const server = await serve();
      expect((lstatSync(path).mode & 0o7777).toString(8)).toBe("660");
      expect(process.umask()).toBe(umask);
      await server.close();
    } finally {
      process.umask(before);
    }
  }
});

test.skipIf(process.getuid?.() !== 0)(
  "serveControl() gives it to the group (skipped where not root)",
  async () => {
    await serve({ gid: 12345 });
    const { uid, gid, mode } = lstatSync(path);
    expect({ uid, gid, mode: (mode & 0o777).toString(8) }).toEqual({ uid: 0, gid: 12345, mode: "660" });
    expect(log.lines).toEqual([]);
  },
);

test("serveControl() replaces a stale socket", async () => {
  leaveStale(path);
  leaveStale(`${path}.new`);
  await serve();
  expect(await answers()).toBe(true);
  expect(existsSync(`${path}.new`)).toBe(false);
});

test("serveControl() refuses to replace the socket of a running daemon", async () => {
  await serve();
  const inode = lstatSync(path).ino;
  await expect(serve()).rejects.toThrow(`Cannot serve "${path}": another daemon serves it already`);
  expect(lstatSync(path).ino).toBe(inode);
  expect(await answers()).toBe(true);
});

test("serveControl() never removes a file that is not a socket", async () => {
  writeFileSync(path, "precious");
  await expect(serve()).rejects.toThrow(`Cannot serve "${path}": a file that is not a socket is in the way`);
  expect(readFileSync(path, "utf8")).toBe("precious");
  unlinkSync(path);

  symlinkSync("elsewhere", path);
  await expect(serve()).rejects.toThrow("a file that is not a socket is in the way");
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  unlinkSync(path);

  writeFileSync(`${path}.new`, "precious");
  await serve();
  expect(readFileSync(`${path}.new.bad`, "utf8")).toBe("precious");
});

test("serveControl() moves a directory in the way of its socket aside, and reports the new name", async () => {
  mkdirSync(`${path}.new/planted`, { recursive: true });
  await serve();
  expect(await answers()).toBe(true);
  expect(existsSync(`${path}.new.bad/planted`)).toBe(true);
  expect(log.lines).toEqual([
    `error: "${path}.new" is in the way of vm-power (a socket is to be made there): it was moved to "${path}.new.bad"`,
  ]);
});

test("serveControl() reports the path and the reason of a failure", async () => {
  path = `${dir}/missing/control.sock`;
  await expect(serve()).rejects.toThrow(`Cannot serve "${path}"`);
});

test("close() does not wait for idle clients", async () => {
  const server = await serve();
  const client = await rawClient(path);
  const startMs = performance.now();
  await server.close();
  expect(performance.now() - startMs).toBeLessThan(500);
  expect(await client.closed()).toBe("");
});

test("close() removes its own socket, and nothing that has replaced it", async () => {
  const first = await serve();
  await first.close();
  expect(existsSync(path)).toBe(false);

  const second = await serve();
  unlinkSync(path);
  writeFileSync(path, "precious");
  await second.close();
  expect(readFileSync(path, "utf8")).toBe("precious");
  unlinkSync(path);

  const third = await serve();
  unlinkSync(path);
  await serve();
  await third.close();
  expect(await answers()).toBe(true);
});
