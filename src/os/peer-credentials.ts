import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** The process at the other end of an AF_UNIX socket, when it connected or listened. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What the kernel writes to. It is read at once, so one is enough for all sockets. */
const credentials = new Int32Array(3);
const size = new Uint32Array(1);

/** Reads `SO_PEERCRED` (unix(7)); undefined if the kernel does not tell. */
export function peerCredentials(fd: number): PeerCredentials | undefined {
  size[0] = credentials.byteLength;
  if (libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ptr(credentials), ptr(size)) !== 0) return undefined;
  const [pid = 0, uid = -1, gid = -1] = credentials;
  return { pid, uid: uid >>> 0, gid: gid >>> 0 };
}
