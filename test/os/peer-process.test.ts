import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Socket } from "bun";
import { peerCredentials } from "../../src/os/peer-credentials.ts";
import { type PeerProcess, peerGroups, peerProcess } from "../../src/os/peer-process.ts";
import { until } from "../daemon/until.ts";

const directory = mkdtempSync(join(tmpdir(), "vm-power-peer-"));
let sockets = 0;
const opened: PeerProcess[] = [];
const children: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const process of opened.splice(0)) process.close();
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Lets another process connect, restricted to CPU 0, and returns it with the descriptor of the connection. */
async function connected() {
  const path = join(directory, `socket${sockets++}`);
  let fd = -1;
  const listener = Bun.listen({
    unix: path,
    socket: {
      open: (socket: Socket<undefined>) => {
        ({ fd } = socket as unknown as { fd: number });
      },
      data() {},
    },
  });
  const script = `await Bun.connect({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); await Bun.sleep(60_000);`;
  const child = Bun.spawn(["taskset", "-c", "0", process.execPath, "-e", script]);
  children.push(child);
  await until(() => fd >= 0);
  return { child, fd, listener };
}

const MISSING = Bun.which("taskset") === null;

test.skipIf(MISSING)(
  "a peer's CPUs are those that the kernel lets it run on, until it ends (skipped without taskset)",
  async () => {
    const { child, fd, listener } = await connected();
    const { pid = 0 } = peerCredentials(fd) ?? {};
    expect(pid).toBe(child.pid);
    const peer = peerProcess(fd, pid) as PeerProcess;
    opened.push(peer);
    expect(peer.allowedCpus()).toEqual([0]);
    child.kill("SIGKILL");
    await child.exited;
    expect(peer.allowedCpus()).toBeUndefined();
    listener.stop(true);
  },
);

test.skipIf(MISSING)(
  "a process is not taken for another one with its number (skipped without taskset)",
  async () => {
    const { child, fd, listener } = await connected();
    const other = Bun.spawn(["sleep", "60"]);
    children.push(other);
    // As if the number of the peer had been given to another process: that one's CPUs are not the peer's.
    const peer = peerProcess(fd, other.pid) as PeerProcess;
    opened.push(peer);
    child.kill("SIGKILL");
    await child.exited;
    expect(peer.allowedCpus()).toBeUndefined();
    listener.stop(true);
  },
);

test.skipIf(MISSING)("the groups of a peer are those of its process (skipped without taskset)", async () => {
  const { fd, listener } = await connected();
  expect(peerGroups(fd)).toEqual(process.getgroups?.() ?? []);
  listener.stop(true);
});
