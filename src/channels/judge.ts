import { type Stats, statSync } from "node:fs";
import { lookAt } from "./place.ts";

/** Why something is not used, and the remedy. */
export interface Objection {
  readonly reason: string;
  readonly remedy?: string;
}

/** The process at the other end of a socket. */
export interface Peer {
  readonly uid: number;
  /** 0 if it is in a PID namespace that cannot be seen from here. */
  readonly pid: number;
}

/** The file of a socket as it was found. */
export interface SocketFile {
  /** Why it must not be used. */
  readonly objection?: Objection;
  /** Differs from that of every file that takes its place. */
  readonly identity?: string;
  /** Whether it may appear later. */
  readonly isMissing?: boolean;
}

const OTHERS_WRITE = 0o002;

/** What is wrong with the directory. `unusable` means that it must not be used; otherwise a warning is enough. */
export function judgeDirectory(
  path: string,
  trusted: ReadonlySet<number>,
): { readonly stats?: Stats; readonly objection?: Objection & { readonly unusable: boolean } } {
  const looked = lookAt(path);
  if (!looked.ok) {
    const remedy = `mkdir -m 0755 ${path}, owned by the user that QEMU runs as`;
    return { objection: { reason: `cannot be read: ${looked.why}`, remedy, unusable: true } };
  }
  const stats = looked.value;
  if (!stats.isDirectory())
    return { objection: { reason: "is not a directory", remedy: `rm ${path}`, unusable: true } };
  if (!trusted.has(stats.uid)) {
    const remedy = "chown it, or add its owner to TrustedUsers";
    return { objection: { reason: `belongs to the untrusted user ${stats.uid}`, remedy, unusable: true } };
  }
  if ((stats.mode & OTHERS_WRITE) !== 0) {
    const remedy = `chmod o-w ${path}`;
    return { stats, objection: { reason: "can be written by everyone", remedy, unusable: false } };
  }
  return { stats };
}

/**
 * Checks a file: it must be a socket, no symbolic link, and belong to a trusted user. Returns the reason, or the
 * identity of the file.
 */
export function judgeSocket(path: string, trusted: ReadonlySet<number>): SocketFile {
  const looked = lookAt(path);
  if (!looked.ok)
    return {
      objection: {
        reason: `its socket cannot be read: ${looked.why}`,
        remedy: "if its directory is newer than the daemon: systemctl restart vm-power",
      },
      isMissing: true,
    };
  const stats = looked.value;
  if (stats.isSymbolicLink()) return { objection: { reason: "it is a symbolic link", remedy: `rm ${path}` } };
  if (!stats.isSocket()) return { objection: { reason: "it is not a socket", remedy: `rm ${path}` } };
  const objection = judgeUser(stats.uid, trusted, "its socket belongs to");
  return objection === undefined ? { identity: `${stats.ino}:${stats.ctimeMs}` } : { objection };
}

/** Why a process must not serve the sockets of a VM; `expected` is the VM's own, if the hypervisor can tell. */
export function judgePeer(
  peer: Peer | undefined,
  trusted: ReadonlySet<number>,
  expected: number | undefined,
): Objection | undefined {
  if (peer === undefined) return { reason: "the kernel does not report which process listens on its socket" };
  const untrusted = judgeUser(peer.uid, trusted, "its socket is served by");
  if (untrusted !== undefined || expected === undefined || peer.pid === expected) return untrusted;
  const who = peer.pid === 0 ? "a process that cannot be seen from here" : `process ${peer.pid}`;
  return { reason: `its socket is served by ${who}, and its VM is process ${expected}` };
}

/** Whether every user may make files in the directory of a socket. */
export function isOpenToAll(directory: string): boolean {
  const stats = statSync(directory, { throwIfNoEntry: false });
  return stats !== undefined && (stats.mode & OTHERS_WRITE) !== 0;
}

/** Why the user behind a socket is not trusted. */
function judgeUser(uid: number, trusted: ReadonlySet<number>, what: string): Objection | undefined {
  if (trusted.has(uid)) return undefined;
  return {
    reason: `${what} the untrusted user ${uid}`,
    remedy: "add the user that QEMU runs as to TrustedUsers",
  };
}
