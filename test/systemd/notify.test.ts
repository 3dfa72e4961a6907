import { dlopen, FFIType, ptr } from "bun:ffi";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peerCredentials } from "../../src/os/peer-credentials.ts";
import { journalEntry } from "../../src/systemd/journal.ts";
import { openNotify } from "../../src/systemd/notify.ts";

// A service manager's end of the socket, directly with libc.
const { i32, u32, u64, ptr: pointer } = FFIType;
const libc = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  bind: { args: [i32, pointer, u32], returns: i32 },
  recv: { args: [i32, pointer, u64, i32], returns: i32 },
}).symbols;

let directory: string;
const opened: number[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-notify-"));
});
afterEach(() => {
  for (const fd of opened.splice(0)) closeSync(fd);
  rmSync(directory, { recursive: true });
});

/** Binds a datagram socket; returns a function that reads the next message, or "" if there is none. */
function manager(address: string): () => string {
  const fd = libc.socket(1, 2, 0);
  opened.push(fd);
  const sockaddr = Buffer.alloc(2 + address.length + (address.startsWith("@") ? 0 : 1));
  sockaddr.writeUInt16LE(1);
  sockaddr.write(address.replace(/^@/, "\0"), 2);
  expect(libc.bind(fd, ptr(sockaddr), sockaddr.length)).toBe(0);
  return () => {
    const bytes = Buffer.alloc(4096);
    const length = libc.recv(fd, ptr(bytes), bytes.length, 0x40);
    return length < 0 ? "" : bytes.toString("utf8", 0, length);
  };
}

test.each(["path", "abstract"])(
  "openNotify() notifies the manager of the daemon's state, at %s address",
  (kind) => {
    const address = kind === "path" ? join(directory, "notify") : `@vm-power-test-${process.pid}`;
    const next = manager(address);
    const notify = openNotify({
      NOTIFY_SOCKET: address,
      WATCHDOG_USEC: "30000000",
      WATCHDOG_PID: `${process.pid}`,
    });
    notify.ready("6 CPUs scaled\nREADY=0");
    notify.alive();
    notify.stopping();
    expect([next(), next(), next(), next(), notify.watchdogMs]).toEqual([
      "READY=1\nSTATUS=6 CPUs scaled READY=0", // a status cannot smuggle a line of its own
      "WATCHDOG=1",
      "STOPPING=1",
      "",
      15_000,
    ]);
  },
);

test("reloading() carries CLOCK_MONOTONIC, not the process's own clock", () => {
  const next = manager(join(directory, "notify"));
  openNotify({ NOTIFY_SOCKET: join(directory, "notify") }).reloading();
  const [first, second = ""] = next().split("\n");
  const uptimeUs = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e6;
  expect(first).toBe("RELOADING=1");
  expect(Math.abs(Number(second.replace("MONOTONIC_USEC=", "")) - uptimeUs)).toBeLessThan(60e6);
});

test("openNotify() does nothing without a manager", () => {
  for (const env of [
    {},
    { NOTIFY_SOCKET: "" },
    { NOTIFY_SOCKET: "relative" },
    { NOTIFY_SOCKET: `${directory}/gone` },
  ]) {
    const notify = openNotify(env);
    notify.ready("");
    notify.reloading();
    notify.stopping();
  }
  const other = { NOTIFY_SOCKET: `${directory}/gone`, WATCHDOG_USEC: "1000000", WATCHDOG_PID: "1" };
  expect(openNotify(other).watchdogMs).toBeUndefined();
});

test("journalEntry() is the journal's native format, also for values with line breaks", () => {
  expect(Buffer.from(journalEntry("warning", "web1 is gone", { VM: "web1", CPU: 7 })).toString()).toBe(
    "MESSAGE=web1 is gone\nPRIORITY=4\nSYSLOG_IDENTIFIER=vm-power\nVMPOWER_VM=web1\nVMPOWER_CPU=7\n",
  );
  const forged = Buffer.from(journalEntry("info", "a\nPRIORITY=0"));
  const head = Buffer.concat([
    Buffer.from("MESSAGE\n"),
    Buffer.from([12, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from("a\nPRIORITY=0\n"),
  ]);
  expect(forged.subarray(0, head.length)).toEqual(head);
});

test("peerCredentials() returns the credentials from the kernel", async () => {
  const path = join(directory, "peer");
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const open = (socket: object) => resolve(peerCredentials("fd" in socket ? Number(socket.fd) : -1));
  const listener = Bun.listen({ unix: path, socket: { open, data() {} } });
  const client = await Bun.connect({ unix: path, socket: { data() {} } });
  expect(await promise).toEqual({ pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
  expect(peerCredentials(-1)).toBeUndefined();
  client.terminate();
  listener.stop(true);
});
