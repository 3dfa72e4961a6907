import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOpenToAll, judgeDirectory, judgePeer, judgeSocket } from "../../src/channels/judge.ts";

const ME = process.getuid?.() ?? 0;
const ADD_USER = "add the user that QEMU runs as to TrustedUsers";
let directory: string;
let server: Server;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-judge-"));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(join(directory, "web1.0"), resolve));
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

test("judgeDirectory() refuses what is none, and one of an untrusted user", () => {
  const file = join(directory, "file");
  writeFileSync(file, "");
  const gone = join(directory, "gone");
  expect([file, gone].map((path) => judgeDirectory(path, new Set([ME])))).toEqual([
    { objection: { reason: "is not a directory", remedy: `rm ${file}`, unusable: true } },
    {
      objection: {
        reason: expect.stringContaining("cannot be read: "),
        remedy: `mkdir -m 0755 ${gone}, owned by the user that QEMU runs as`,
        unusable: true,
      },
    },
  ]);
  expect(judgeDirectory(directory, new Set([ME + 1]))).toEqual({
    objection: {
      reason: `belongs to the untrusted user ${ME}`,
      remedy: "chown it, or add its owner to TrustedUsers",
      unusable: true,
    },
  });
});

test("a directory that everyone can write is used with a warning; what others may read or enter is none", () => {
  const objections = [0o755, 0o775, 0o757, 0o755].map((mode) => {
    chmodSync(directory, mode);
    return [judgeDirectory(directory, new Set([ME])).objection, isOpenToAll(directory)];
  });
  const warning = {
    reason: "can be written by everyone",
    remedy: `chmod o-w ${directory}`,
    unusable: false,
  };
  expect(objections).toEqual([
    [undefined, false],
    [undefined, false],
    [warning, true],
    [undefined, false],
  ]);
  expect(isOpenToAll(join(directory, "gone"))).toBe(false);
});

test("judgeSocket() accepts a socket of a trusted user, and nothing else in its place", () => {
  const socket = join(directory, "web1.0");
  const link = join(directory, "link");
  symlinkSync(socket, link);
  const file = join(directory, "file");
  writeFileSync(file, "");
  const judged = (path: string, user = ME) => judgeSocket(path, new Set([user]));
  expect(judged(socket)).toEqual({ identity: expect.stringMatching(/^\d+:[\d.]+$/) });
  expect([judged(link), judged(file), judged(socket, ME + 1)]).toEqual([
    { objection: { reason: "it is a symbolic link", remedy: `rm ${link}` } },
    { objection: { reason: "it is not a socket", remedy: `rm ${file}` } },
    { objection: { reason: `its socket belongs to the untrusted user ${ME}`, remedy: ADD_USER } },
  ]);
  expect(judged(join(directory, "gone"))).toMatchObject({ isMissing: true });
});

test("judgePeer() believes a trusted user's process, and only the VM's own where the hypervisor tells which", () => {
  const judged = (uid: number, pid: number, expected?: number) =>
    judgePeer({ uid, pid }, new Set([64055]), expected)?.reason;
  expect([
    judged(64055, 7),
    judged(64055, 7, 7),
    judged(64055, 8, 7),
    judged(64055, 0, 7),
    judged(1000, 7, 7),
  ]).toEqual([
    undefined,
    undefined,
    "its socket is served by process 8, and its VM is process 7",
    "its socket is served by a process that cannot be seen from here, and its VM is process 7",
    "its socket is served by the untrusted user 1000",
  ]);
  expect(judgePeer(undefined, new Set([64055]), undefined)).toEqual({
    reason: "the kernel does not report which process listens on its socket",
  });
});
