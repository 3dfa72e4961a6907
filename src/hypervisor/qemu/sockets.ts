import fs from "node:fs";
import { openInRoot } from "../../os/open-in-root.ts";
import type { ChannelSocket } from "./command-line.ts";
import type { Proc } from "./proc.ts";

/** The longest list of sockets that is read, in bytes: some 60,000 of them. A channel has three in its namespace. */
const SOCKETS_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The paths on this host of a QEMU's channels, with their numbers. Where the QEMU sees another file at its path than the
 * daemon, because it has another root or another mount namespace, the path begins with the kernel's link to its root,
 * `/proc/PID/root`. A relative path is left out: QEMU may have changed its directory since.
 */
export function channelPaths(
  proc: Proc,
  pid: number,
  channels: ReadonlyMap<number, ChannelSocket>,
): Map<string, number> {
  const isInherited = [...channels.values()].some((socket) => "fd" in socket);
  const bound = isInherited ? boundSockets(proc, pid) : new Map<string, string>();
  const paths = new Map<string, number>();
  for (const [number, socket] of channels) {
    const path = "path" in socket ? socket.path : bound.get(proc.link(pid, `fd/${socket.fd}`) ?? "");
    if (path?.startsWith("/")) paths.set(onHost(proc, pid, path), number);
  }
  return paths;
}

function onHost(proc: Proc, pid: number, path: string): string {
  const root = `${proc.root}/${pid}/root`;
  const theirs = identityOf(root, path);
  // Without the right to look into another root, only a QEMU with the daemon's own can be served.
  if (theirs === undefined || (theirs !== "" && theirs === identityOf("/", path))) return path;
  return `${root}${path}`;
}

/** Which file a path leads to below a root; undefined if the root cannot be looked into, empty if there is no file. */
function identityOf(root: string, path: string): string | undefined {
  const opened = openInRoot(root, path);
  if (!opened.ok) return opened.why === "EACCES" || opened.why === "EPERM" ? undefined : "";
  const { dev, ino } = fs.fstatSync(opened.value);
  fs.closeSync(opened.value);
  return `${dev}:${ino}`;
}

/**
 * The paths of sockets, by what a link to a descriptor of them says: `socket:[4711]`. The kernel lists those of the
 * process's network namespace, where libvirt makes them.
 */
function boundSockets(proc: Proc, pid: number): ReadonlyMap<string, string> {
  const lines = proc.whole(pid, "net/unix", SOCKETS_BYTES_MAX)?.split("\n") ?? [];
  return new Map(
    lines.flatMap((line) => {
      const [, inode, path] = /^\S+ \S+ \S+ \S+ \S+ +\S+ +(\d+) (\/.*)$/.exec(line) ?? [];
      return path === undefined ? [] : [[`socket:[${inode}]`, path] as const];
    }),
  );
}
